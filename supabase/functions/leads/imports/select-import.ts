// The columns of an import that the API answers with.
import type { LeadImport } from "./schemas.ts";

export const IMPORT_COLUMNS =
  "id, status, file_name, file_bytes, encoding, delimiter, columns, mapping, tags, next_byte, total_rows, processed_rows, imported_rows, updated_rows, duplicate_rows, rejected_rows, warning_count, rows_per_second, seconds_left, undo_total, undone_rows, kept_rows, hidden_rows, error_message, created_by, created_at, started_at, finished_at, undone_at" as const;

/** The import as the API shows it, from a row with at least IMPORT_COLUMNS. */
export function toImport(row: Record<string, unknown>): LeadImport {
  const shown = Object.fromEntries(IMPORT_COLUMNS.split(", ").map((column) => [column, row[column]]));
  return { ...shown, progress: Math.round(progressOf(row) * 10_000) / 10_000 } as LeadImport;
}

function progressOf(row: Record<string, unknown>): number {
  if (row.status === "completed" || row.status === "undone") return 1;
  if (row.status !== "undoing") return Number(row.next_byte) / Number(row.file_bytes);
  const done = Number(row.undone_rows) + Number(row.kept_rows) + Number(row.hidden_rows);
  return done / Math.max(1, Number(row.undo_total));
}
