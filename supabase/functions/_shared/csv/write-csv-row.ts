// Writes a row of CSV that spreadsheets open as text, not as formulas.
import { escapeFormula } from "./escape-formula.ts";

/**
 * RFC 4180, with an apostrophe where a spreadsheet would find a formula (OWASP, CSV injection): see escape-formula.ts. Plain numbers
 * keep their sign. Reading such a file again takes the apostrophes off.
 */
export function writeCsvRow(cells: readonly (string | number | null)[]): string {
  return `${cells.map(writeCell).join(",")}\r\n`;
}

function writeCell(value: string | number | null): string {
  const text = escapeFormula(String(value ?? ""));
  // A program that parts cells at another sign keeps those in quotation marks together.
  return /[",;|\t\r\n]/.test(text) || text !== text.trim() ? `"${text.replaceAll('"', '""')}"` : text;
}
