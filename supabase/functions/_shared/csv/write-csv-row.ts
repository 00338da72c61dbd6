// Writes a row of CSV that spreadsheets open as text, not as formulas.
import { escapeFormula } from "./escape-formula.ts";

/**
 * RFC 4180, with an apostrophe wherever a spreadsheet would find a formula (OWASP, CSV injection): see escape-formula.ts. Plain
 * numbers keep their sign. An import of such a file removes the apostrophes.
 */
export function writeCsvRow(cells: readonly (string | number | null)[]): string {
  return `${cells.map(writeCell).join(",")}\r\n`;
}

function writeCell(value: string | number | null): string {
  const text = escapeFormula(String(value ?? ""));
  // A program that splits cells at another character keeps cells in quotation marks whole.
  return /[",;|\t\r\n]/.test(text) || text !== text.trim() ? `"${text.replaceAll('"', '""')}"` : text;
}
