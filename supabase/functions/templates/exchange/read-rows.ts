// Reads the rows of a CSV of templates: columns by name, categories by any of their names.
import { detectDelimiter } from "../../_shared/csv/detect-delimiter.ts";
import { unescapeFormula } from "../../_shared/csv/escape-formula.ts";
import { type CsvRecord, readRecords } from "../../_shared/csv/read-records.ts";
import { validationError } from "../../_shared/http/app-error.ts";
import { CATEGORY_NAMES, type CategoryName, toCategory } from "../template/categories.ts";
import type { ImportedRow } from "./schemas.ts";

export const COLUMNS = ["name", "category", "language", "content", "is_active"] as const;
type Column = (typeof COLUMNS)[number];
const REQUIRED: Column[] = ["name", "category", "language", "content"];

/** As many as the database takes at once. */
const MAX_ROWS = 500;
/** No field of a template holds more. */
const MAX_CELL_CHARS = 4000;

const YES = new Set(["true", "yes", "y", "1", "si", "sí", "active"]);
const NO = new Set(["false", "no", "n", "0", "inactive"]);

export interface TemplateRow {
  line: number;
  /** As the database takes them; a value that it does not know is refused there, by its row. */
  fields: Record<string, string | boolean>;
}

export interface TemplateRows {
  rows: TemplateRow[];
  /** Rows that can't be read. */
  refused: ImportedRow[];
  ignoredColumns: string[];
}

/** @throws AppError invalid_input for a file without the columns or with too many rows */
export function readRows(text: string): TemplateRows {
  const delimiter = detectDelimiter(text, true);
  const { records } = readRecords(text, { delimiter, line: 1, isEnd: true, maxRecords: MAX_ROWS + 2 });
  const [header, ...body] = records;
  if (header === undefined || body.length === 0) throw refuse("The file has no rows below its header.");
  if (body.length > MAX_ROWS) throw refuse(`The file has more than ${MAX_ROWS} rows: split it.`);
  const names = header.cells.map((cell) => cell.trim().toLowerCase().replace(/\s+/g, "_"));
  const missing = REQUIRED.filter((column) => !names.includes(column));
  if (missing.length > 0)
    throw refuse(
      `The file lacks the columns ${missing.join(", ")}. It has: ${names.slice(0, 20).join(", ")}.`,
    );
  const read: TemplateRows = {
    rows: [],
    refused: [],
    ignoredColumns: names.filter((name) => !isColumn(name)).slice(0, 50),
  };
  for (const record of body) {
    const row = readRow(record, names);
    if ("outcome" in row) read.refused.push(row);
    else read.rows.push(row);
  }
  return read;
}

const isColumn = (name: string): name is Column => (COLUMNS as readonly string[]).includes(name);
const refuse = (message: string) => validationError([{ field: "file", message }]);

function readRow({ line, cells, problem }: CsvRecord, names: string[]): TemplateRow | ImportedRow {
  const at = names.indexOf("name");
  const refuseRow = (field: string, message: string): ImportedRow => ({
    line,
    name: cells[at]?.trim().slice(0, 200) || null,
    outcome: "refused",
    errors: [{ field, message }],
  });
  if (problem !== undefined) return refuseRow("row", problem);
  if (cells.slice(names.length).some((cell) => cell.trim() !== ""))
    return refuseRow(
      "row",
      "The row has more cells than the header. Put a cell with a comma into quotation marks.",
    );
  const fields: TemplateRow["fields"] = {};
  for (const [i, name] of names.entries()) {
    const cell = unescapeFormula(cells[i] ?? "");
    if (!isColumn(name)) continue;
    if (cell.length > MAX_CELL_CHARS)
      return refuseRow(name, `${name} may have ${MAX_CELL_CHARS} characters at most: it has ${cell.length}.`);
    const value = readCell(name, cell);
    if (value !== undefined) fields[name] = value;
  }
  return { line, fields };
}

/** Undefined for an empty cell of a column that may be empty. */
function readCell(column: Column, cell: string): string | boolean | undefined {
  const word = cell.trim().toLowerCase();
  switch (column) {
    case "category": {
      const name = word.replace(/[\s-]+/g, "_");
      return (CATEGORY_NAMES as readonly string[]).includes(name) ? toCategory(name as CategoryName) : word;
    }
    case "language":
      return word;
    case "is_active":
      return YES.has(word) ? true : NO.has(word) ? false : word === "" ? undefined : word;
    default:
      return cell;
  }
}
