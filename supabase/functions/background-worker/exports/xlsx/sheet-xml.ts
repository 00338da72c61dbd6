// The XML of a sheet, row by row (ECMA-376, part 1, 18.3). Text is written into the cells themselves: a table of shared strings
// would have to be held whole.
import type { Cell } from "../../../_shared/leads/export-columns.ts";

/** The most that a spreadsheet can hold. */
export const MAX_SHEET_ROWS = 1_048_576;
const MAX_CELL_CHARS = 32_767;
/** Styles of STYLES in workbook-files.ts. Text cells are formatted as text: editing one must not make it a formula or number. */
const TEXT = 1;
const HEADING = 2;

export const SHEET_START =
  '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n' +
  '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">' +
  '<sheetViews><sheetView workbookViewId="0"><pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/></sheetView></sheetViews>' +
  "<sheetData>";
export const SHEET_END = "</sheetData></worksheet>";

export function headingXml(names: string[]): string {
  return rowXml(1, names, HEADING);
}

/** @param row its number in the sheet, from 1 */
export function rowXml(row: number, cells: readonly Cell[], style = TEXT): string {
  let xml = `<row r="${row}">`;
  for (let i = 0; i < cells.length; i++) {
    const value = cells[i] ?? null;
    if (value === null || value === "") continue;
    const at = `${columnName(i)}${row}`;
    xml +=
      typeof value === "number"
        ? `<c r="${at}"><v>${value}</v></c>`
        : `<c r="${at}" s="${style}" t="inlineStr"><is><t xml:space="preserve">${escapeText(value)}</t></is></c>`;
  }
  return `${xml}</row>`;
}

const names: string[] = [];

/** A, B … Z, AA … for 0, 1 … */
function columnName(index: number): string {
  let name = names[index];
  if (name === undefined) {
    name = "";
    for (let n = index + 1; n > 0; n = Math.floor((n - 1) / 26))
      name = String.fromCharCode(65 + ((n - 1) % 26)) + name;
    names[index] = name;
  }
  return name;
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: those are what XML may not hold
const FORBIDDEN = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g;
const SPECIAL = /[<>&]/;
const ENTITIES: Record<string, string> = { "<": "&lt;", ">": "&gt;", "&": "&amp;" };

/**
 * Leaves out what XML can't hold; half a surrogate pair becomes U+FFFD when it is encoded. Escapes the carriage return, and text
 * such as _x0041_, which would be read as an escape.
 */
function escapeText(value: string): string {
  let text = value.length > MAX_CELL_CHARS ? value.slice(0, MAX_CELL_CHARS) : value;
  text = text.replace(FORBIDDEN, "");
  if (text.includes("_x")) text = text.replace(/_(?=x[0-9A-Fa-f]{4}_)/g, "_x005F_");
  if (text.includes("\r")) text = text.replaceAll("\r\n", "\n").replaceAll("\r", "_x000D_");
  return SPECIAL.test(text) ? text.replace(/[<>&]/g, (sign) => ENTITIES[sign] as string) : text;
}
