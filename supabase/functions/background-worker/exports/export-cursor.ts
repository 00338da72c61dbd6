// What an export keeps between its steps, and what was asked of it.
import type { ExportFormat } from "../../_shared/storage/stored-file.ts";

/** As private.create_export has it. */
export interface ExportInput {
  format: ExportFormat;
  columns: string[] | null;
  rows_per: "lead" | "parcel";
}

/** Fixed by private.begin_export, and carried on by each part. */
export interface ExportCursor {
  chunks: number;
  /** Where the next part begins: the chunk, counted from 1, and how many of its leads are written. */
  chunk?: number;
  from?: number;
  custom_fields: string[];
  /** Without its ending. */
  file_name: string;
  /** Rows written so far, without the heading. */
  rows?: number;
  /** Of the sheet's XML so far. */
  crc?: number;
  raw_bytes?: number;
}
