// What imports look like on the wire.
import { z } from "zod";
import { ENCODINGS } from "../_shared/csv/encodings.ts";
import { IMPORT_FIELDS } from "../_shared/csv/import-fields.ts";

const count = z.number().int();
export const IMPORT_STATUSES = [
  "queued",
  "running",
  "paused",
  "completed",
  "failed",
  "canceled",
  "undoing",
  "undone",
] as const;
export const REJECTION_OUTCOMES = ["rejected", "duplicate", "warning", "kept"] as const;

const mapping = z
  .record(z.string(), z.enum(IMPORT_FIELDS))
  .describe("Every column with the field it goes to");
const alreadyImported = z
  .object({ id: z.uuid(), created_at: z.string() })
  .nullable()
  .describe("The import of the very same file, where there was one");

export const leadImport = z.object({
  id: z.uuid(),
  status: z.enum(IMPORT_STATUSES),
  file_name: z.string(),
  file_bytes: count,
  encoding: z.enum(ENCODINGS),
  delimiter: z.string(),
  columns: z.array(z.string()),
  mapping,
  tags: z.array(z.string()),
  progress: z
    .number()
    .describe("0 to 1: next_byte / file_bytes; of an undo the share of its leads that it has been through"),
  next_byte: count.describe("Where in the file the next chunk begins"),
  total_rows: count.nullable().describe("Known when the end of the file is reached"),
  processed_rows: count.describe("= imported_rows + updated_rows + duplicate_rows + rejected_rows"),
  imported_rows: count,
  updated_rows: count.describe("Rows merged into a lead that was there, those that changed nothing included"),
  duplicate_rows: count,
  rejected_rows: count,
  warning_count: count.describe("Fields of imported rows that did not fit and were kept as custom fields"),
  rows_per_second: z.number().nullable().describe("Since it began or was resumed; of an undo, leads"),
  seconds_left: count.nullable().describe("At that rate"),
  undo_total: count.nullable().describe("Leads to be undone: undone_rows + kept_rows + hidden_rows reach it"),
  undone_rows: count.describe("Leads that undo removed or put back as they were"),
  kept_rows: count.describe(
    "Leads that undo left alone, since they were changed after the import: rejections with outcome kept",
  ),
  hidden_rows: count.describe("Leads that undo deleted as people do: campaigns or conversations know them"),
  error_message: z.string().nullable().describe("Why it failed or was canceled, and what stays"),
  created_by: z.uuid().nullable(),
  created_at: z.string(),
  started_at: z.string().nullable(),
  finished_at: z.string().nullable(),
  undone_at: z.string().nullable(),
});
export type LeadImport = z.output<typeof leadImport>;

export const startedImport = leadImport.extend({ already_imported: alreadyImported });
export type StartedImport = z.output<typeof startedImport>;

export const rejection = z.object({
  line: count.describe("Line of the file, the first being 1; 0 where no single line stands for a kept lead"),
  outcome: z.enum(REJECTION_OUTCOMES),
  field: z.string().nullable().describe("The column at fault"),
  reason: z.string(),
  lead_id: z.uuid().nullable().describe("The lead that a warning or a kept lead is about"),
  row: z.record(z.string(), z.string()).describe("The row as it stood, by column"),
});
export type Rejection = z.output<typeof rejection>;

const byColumn = z.record(z.string(), z.string());
export const preview = z.object({
  file_name: z.string(),
  file_bytes: count,
  encoding: z.enum(ENCODINGS),
  delimiter: z.string(),
  columns: z.array(z.string()),
  suggested_mapping: mapping,
  mapping: mapping.describe("The mapping sent, else the suggested one: what the counts are made with"),
  sample_rows: z.array(byColumn).describe("The first rows as they stand"),
  checked_rows: count.describe("Rows at the beginning of the file that were checked"),
  total_rows: count.nullable().describe("Null where the file is longer than what was checked"),
  total_rows_estimate: count,
  valid_rows: count.describe("Of the checked rows: would be imported"),
  rejected_rows: count,
  duplicate_rows: z.object({ in_file: count, in_database: count }),
  problems: z.array(
    z.object({
      outcome: z.enum(["rejected", "warning"]),
      field: z.string().nullable(),
      reason: z.string(),
      rows: count,
      first_line: count,
    }),
  ),
  duplicates: z
    .array(
      z.object({
        line: count,
        field: z.string(),
        phone: z.string(),
        lead_id: z.uuid().nullable().describe("The lead that has the phone"),
        first_line: count.nullable().describe("The line that has it before"),
      }),
    )
    .describe("The first 50"),
  already_imported: alreadyImported,
});
export type Preview = z.output<typeof preview>;
