// The files of exports as other programs read them: CSV by papaparse, workbooks by a reader of their own.
import { Buffer } from "node:buffer";
import { inflateRawSync } from "node:zlib";
import Papa from "papaparse";
import { readSheet } from "read-excel-file/node";
import { describe, expect, it } from "vitest";
import type { Cell } from "../../../supabase/functions/_shared/leads/export-columns.ts";
import { makePart } from "../../../supabase/functions/background-worker/exports/make-part.ts";
import { crc32 } from "../../../supabase/functions/background-worker/exports/xlsx/crc-32.ts";
import { rowXml } from "../../../supabase/functions/background-worker/exports/xlsx/sheet-xml.ts";
import { workbookFrame } from "../../../supabase/functions/background-worker/exports/xlsx/workbook-frame.ts";

const HEADING = ["name", "phone", "acres", "notes"];

/** A whole file, assembled from parts of this many rows as by the worker. */
function makeFile(format: "csv" | "xlsx", rows: Cell[][], partRows = 2): Buffer {
  const parts: Uint8Array[] = [];
  let cursor = { rows: 0, crc: 0, raw_bytes: 0 };
  for (let at = 0; at === 0 || at < rows.length; at += partRows) {
    const part = makePart(format, rows.slice(at, at + partRows), {
      ...cursor,
      heading: HEADING,
      isFirst: at === 0,
    });
    parts.push(part.bytes);
    cursor = part.cursor;
  }
  if (format === "csv") return Buffer.concat(parts);
  const bytes = parts.reduce((sum, part) => sum + part.length, 0);
  const frame = workbookFrame({ crc: cursor.crc, rawBytes: cursor.raw_bytes, bytes });
  return Buffer.concat([frame.before, ...parts, frame.after]);
}

const readCsv = (file: Buffer) => {
  const { data, errors } = Papa.parse<string[]>(file.toString("utf8"), { skipEmptyLines: true });
  expect(errors).toEqual([]);
  return data;
};

const ROWS: Cell[][] = [
  ["Rosa Núñez", "(512) 555-0100", 12.5, "line one\nline two"],
  ['O"Brien, Pat', "(512) 555-0101", 0, "<b>&amp;</b>"],
  ["  spaced  ", null, null, "日本 🌵 ñ"],
  ["", "", 1e6, "ends"],
  ["_x0041_ is text", "(512) 555-0102", 0.1, "tab\there"],
];

describe("a workbook", () => {
  it.each([1, 2, 3, 100])("of parts of %i rows is read as it was written", async (partRows) => {
    const sheet = await readSheet(makeFile("xlsx", ROWS, partRows), { trim: false });
    expect(sheet).toEqual([HEADING, ...ROWS.map((row) => row.map((cell) => (cell === "" ? null : cell)))]);
  });

  it("states the length of its sheet, and its checksum", () => {
    const file = makeFile("xlsx", ROWS);
    // The last entry of the central directory (46 bytes and the name), which 22 bytes end.
    const name = "xl/worksheets/sheet1.xml";
    const entry = file.subarray(file.length - 22 - 46 - name.length);
    expect(entry.subarray(46, 46 + name.length).toString()).toBe(name);
    const [crc, bytes, rawBytes, offset] = [16, 20, 24, 42].map((at) => entry.readUInt32LE(at)) as [
      number,
      number,
      number,
      number,
    ];
    const start = offset + 30 + name.length;
    const raw = inflateRawSync(file.subarray(start, start + bytes));
    expect([raw.length, crc32(raw)]).toEqual([rawBytes, crc]);
    expect(raw.toString()).toMatch(/^<\?xml.*<\/worksheet>$/s);
  });

  it("without leads has its heading", async () => {
    expect(await readSheet(makeFile("xlsx", []))).toEqual([HEADING]);
  });

  it("holds what looks like a formula, a number or a date as text", async () => {
    const values = ["=1+1", '=HYPERLINK("http://x","y")', "+15125550123", "-2", "@SUM(A1)", "00123", "1/2"];
    const sheet = await readSheet(
      makeFile(
        "xlsx",
        values.map((value) => [value, null, null, null]),
      ),
    );
    expect(sheet.slice(1).map(([value]) => value)).toEqual(values);
    expect(rowXml(2, ["=1+1"])).toBe(
      '<row r="2"><c r="A2" s="1" t="inlineStr"><is><t xml:space="preserve">=1+1</t></is></c></row>',
    );
  });

  it("leaves out characters that XML can't have, cuts cells that are too long, and names columns past Z", () => {
    expect(rowXml(2, ["a\u0000b\u0008c\uffff"])).toContain(">abc<");
    expect(rowXml(2, ["a\r\nb\rc"])).toContain(">a\nb_x000D_c<");
    expect(rowXml(2, ["x".repeat(40_000)]).match(/x{2,}/)?.[0]).toHaveLength(32_767);
    const wide = rowXml(
      3,
      Array.from({ length: 704 }, () => 1),
    );
    expect(wide).toContain('r="Z3"><v>1</v></c><c r="AA3"');
    expect(wide).toContain('r="ZZ3"><v>1</v></c><c r="AAA3"');
  });
});

describe("a CSV", () => {
  it("is read as it was written, with accents by its byte order mark", () => {
    const file = makeFile("csv", ROWS);
    expect([...file.subarray(0, 3)]).toEqual([0xef, 0xbb, 0xbf]);
    expect(readCsv(file)).toEqual([
      HEADING,
      ...ROWS.map((row) => row.map((cell) => (cell === null ? "" : String(cell)))),
    ]);
  });

  it("opens as text if a spreadsheet would run it", () => {
    const values = ["=1+1", '=cmd|" /C calc"!A0', "+SUM(A1)", "-2+3", "@SUM(A1)", "\tx", "\rx"];
    const rows = readCsv(
      makeFile(
        "csv",
        values.map((value) => [value, null, null, null]),
      ),
    );
    expect(rows.slice(1).map(([value]) => value)).toEqual(values.map((value) => `'${value}`));
  });
});

it("checksums are those of zip, in pieces too", () => {
  const bytes = Uint8Array.from({ length: 1003 }, (_, i) => (i * 7919) % 251);
  const whole = crc32(bytes);
  expect(crc32(new TextEncoder().encode("123456789"))).toBe(0xcbf43926);
  for (const cut of [0, 1, 2, 3, 5, 500, 1003])
    expect(crc32(bytes.subarray(cut), crc32(bytes.subarray(0, cut)))).toBe(whole);
});
