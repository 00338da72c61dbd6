// Finds the row that names the columns. Assessors' programs write titles above it: the office, the date, a blank line.
import type { CsvRecord } from "./read-records.ts";
import { suggestMapping } from "./suggest-mapping.ts";

/** How many rows are looked at. */
export const HEADER_ROWS = 30;
/** Below these there are no titles any more. */
const MAX_TITLES = 12;

/** How many of the cells are names of columns that we know. */
export function countKnown(cells: readonly string[]): number {
  const names = cells.map((cell) => cell.trim()).filter((cell) => cell !== "" && cell.length <= 60);
  if (names.length === 0) return 0;
  const mapping = suggestMapping([...new Set(names)]);
  return Object.values(mapping).filter((field) => field !== "custom_field" && field !== "ignore").length;
}

const countFilled = ({ cells }: CsvRecord) => cells.filter((cell) => cell.trim() !== "").length;

/** The number of cells that most of the records have. */
function commonWidth(records: CsvRecord[]): number {
  const counts = new Map<number, number>();
  for (const { cells, problem } of records)
    if (!problem) counts.set(cells.length, (counts.get(cells.length) ?? 0) + 1);
  return [...counts].sort((a, b) => b[1] - a[1] || b[0] - a[0])[0]?.[0] ?? 0;
}

/** @param records the first of the file @returns the index of the header; 0 unless the rows above it are clearly titles */
export function findHeader(records: CsvRecord[]): number {
  const [first] = records;
  if (!first || first.problem || records.length < 2) return 0;
  const known = countKnown(first.cells);
  if (known >= 2) return 0;
  let widest = countFilled(first);
  const width = commonWidth(records.slice(1));
  for (let i = 1; i < Math.min(records.length, MAX_TITLES); i++) {
    const record = records[i] as CsvRecord;
    if (record.problem) return 0;
    const filled = countFilled(record);
    if (filled >= widest && filled >= 2 && countKnown(record.cells) >= 2) return i;
    // Without a name that we know: the first full row after a title of one cell.
    if (known === 0 && countFilled(first) === 1 && widest === 1 && width >= 2 && filled === width) return i;
    widest = Math.max(widest, filled);
  }
  return 0;
}
