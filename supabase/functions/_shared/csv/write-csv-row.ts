// Writes a row of CSV that spreadsheets open as text, not as formulas.

/**
 * RFC 4180, with an apostrophe before cells that a spreadsheet would run (=, +, -, @, tab, CR: OWASP, CSV injection). Plain
 * numbers keep their sign. Reading such a file again takes the apostrophe off.
 */
export function writeCsvRow(cells: readonly (string | number | null)[]): string {
  return `${cells.map(writeCell).join(",")}\r\n`;
}

function writeCell(value: string | number | null): string {
  let text = String(value ?? "");
  if (/^[=+\-@\t\r]/.test(text) && !/^[+-]?\d+(?:\.\d+)?$/.test(text)) text = `'${text}`;
  return /[",\r\n]/.test(text) || text !== text.trim() ? `"${text.replaceAll('"', '""')}"` : text;
}
