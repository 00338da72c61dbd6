// Makes the bytes of a part: lines of CSV, or a piece of the sheet's XML, deflated so that pieces can be joined.
import { writeCsvRow } from "../../_shared/csv/write-csv-row.ts";
import type { Cell } from "../../_shared/leads/export-columns.ts";
import type { ExportFormat } from "../../_shared/storage/stored-file.ts";
import type { ExportCursor } from "./export-cursor.ts";
import { crc32 } from "./xlsx/crc-32.ts";
import { deflatePiece } from "./xlsx/deflate-piece.ts";
import { headingXml, rowXml, SHEET_START } from "./xlsx/sheet-xml.ts";

export interface Part {
  bytes: Uint8Array;
  cursor: { rows: number; crc: number; raw_bytes: number };
}

export interface PartPlace extends Pick<ExportCursor, "rows" | "crc" | "raw_bytes"> {
  heading: string[];
  isFirst: boolean;
}

/** Excel reads accents in a CSV only after a byte order mark. */
const BYTE_ORDER_MARK = "\ufeff";

export function makePart(format: ExportFormat, rows: Cell[][], place: PartPlace): Part {
  const { rows: before = 0, crc = 0, raw_bytes = 0, heading, isFirst } = place;
  const raw = new TextEncoder().encode(
    format === "csv"
      ? (isFirst ? BYTE_ORDER_MARK + writeCsvRow(heading) : "") + rows.map(writeCsvRow).join("")
      : (isFirst ? SHEET_START + headingXml(heading) : "") +
          rows.map((cells, i) => rowXml(before + i + 2, cells)).join(""),
  );
  return {
    bytes: format === "csv" ? raw : deflatePiece(raw),
    cursor: {
      rows: before + rows.length,
      crc: format === "csv" ? 0 : crc32(raw, crc),
      raw_bytes: raw_bytes + raw.length,
    },
  };
}
