// The columns of an import that the API answers with.
import type { LeadImport } from "./import-schemas.ts";

export const IMPORT_COLUMNS =
  "id, status, file_name, file_bytes, encoding, delimiter, columns, mapping, tags, next_byte, total_rows, processed_rows, imported_rows, duplicate_rows, rejected_rows, warning_count, error_message, created_by, created_at, started_at, finished_at" as const;

/** The import as the API shows it, from a row with at least IMPORT_COLUMNS. */
export function toImport(row: Record<string, unknown>): LeadImport {
  const shown = Object.fromEntries(IMPORT_COLUMNS.split(", ").map((column) => [column, row[column]]));
  const progress = row.status === "completed" ? 1 : Number(row.next_byte) / Number(row.file_bytes);
  return { ...shown, progress: Math.round(progress * 10_000) / 10_000 } as LeadImport;
}
