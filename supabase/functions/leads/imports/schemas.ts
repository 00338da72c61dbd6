// What imports look like on the wire.
import { z } from "zod";
import { ENCODINGS } from "../../_shared/csv/encodings.ts";
import { IMPORT_FIELDS } from "../../_shared/csv/import-fields.ts";
import { oneLine } from "../../_shared/http/one-line.ts";
import { MAPPING_SOURCES } from "../import-mappings/schemas.ts";

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
  .describe("An earlier import of exactly the same file; null if there was none");

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
    .describe("0 to 1: next_byte / file_bytes; during an undo the share of its leads that are done"),
  next_byte: count.describe("Where in the file the next chunk begins"),
  total_rows: count.nullable().describe("Known when the end of the file is reached"),
  processed_rows: count.describe("= imported_rows + updated_rows + duplicate_rows + rejected_rows"),
  imported_rows: count,
  updated_rows: count.describe("Rows merged into an existing lead, including those that changed nothing"),
  duplicate_rows: count,
  rejected_rows: count,
  warning_count: count.describe("Fields of imported rows that did not fit and were kept as custom fields"),
  rows_per_second: z
    .number()
    .nullable()
    .describe("Since it began or was resumed; during an undo, leads per second"),
  seconds_left: count.nullable().describe("At that rate"),
  undo_total: count
    .nullable()
    .describe("Leads to be undone: undone_rows + kept_rows + hidden_rows at the end"),
  undone_rows: count.describe("Leads that undo removed or put back as they were"),
  kept_rows: count.describe(
    "Leads that undo left alone, since they were changed after the import; they are rejections with outcome kept",
  ),
  hidden_rows: count.describe(
    "Leads that undo only hid, as deleting does, since campaigns or conversations refer to them",
  ),
  error_message: z.string().nullable().describe("Why it failed or was canceled, and what stays"),
  created_by: z.uuid().nullable(),
  created_at: z.string(),
  started_at: z.string().nullable(),
  finished_at: z.string().nullable(),
  undone_at: z.string().nullable(),
});
export type LeadImport = z.output<typeof leadImport>;

export const uploadInput = z.strictObject({
  file_name: oneLine(300),
  file_bytes: z
    .number()
    .int()
    .min(1)
    .describe("Its size, at most 104,857,600; the uploaded file must have exactly this size"),
});
export type UploadInput = z.output<typeof uploadInput>;

export const importUpload = z.object({
  upload_id: z.uuid().describe("Send it to preview and execute instead of the file"),
  path: z.string(),
  token: z.string().describe('For supabase-js: storage.from("imports").uploadToSignedUrl(path, token, file)'),
  signed_url: z.string().describe("For other clients: PUT the file there"),
  expires_at: z.string().describe("The file must be uploaded before then; it is kept for a day"),
});
export type ImportUpload = z.output<typeof importUpload>;

export const startedImport = leadImport.extend({ already_imported: alreadyImported });
export type StartedImport = z.output<typeof startedImport>;

export const rejection = z.object({
  line: count.describe("Line of the file, from 1; 0 if a kept lead does not belong to a single line"),
  outcome: z.enum(REJECTION_OUTCOMES),
  field: z.string().nullable().describe("The column at fault"),
  reason: z.string(),
  lead_id: z.uuid().nullable().describe("The lead that a warning or a kept lead is about"),
  row: z.record(z.string(), z.string()).describe("The row as it is in the file, by column"),
});
export type Rejection = z.output<typeof rejection>;

const byColumn = z.record(z.string(), z.string());
const outcome = { created: count, merged: count, left_out: count };
const merging = z
  .object({
    ...outcome,
    new_phones: count,
    new_parcels: count,
    phones_left_out: count.describe("Phones that a lead has no room for"),
    parcels_left_out: count.describe("Parcels that a lead has no room for: it has 100 at most"),
  })
  .describe("Rows whose phone a lead has are merged into that lead");
const reason = {
  outcome: z.enum(["rejected", "warning"]),
  field: z.string().nullable(),
  reason: z.string(),
  rows: count,
  first_line: count,
  example: z.string().describe("The cell on that line; the whole row if no column is at fault"),
};

export const preview = z.object({
  file_name: z.string(),
  file_bytes: count,
  encoding: z.enum(ENCODINGS),
  delimiter: z.string(),
  columns: z.array(z.string()),
  suggested_mapping: mapping,
  mapping: mapping.describe("The mapping behind the counts; the import uses it too if it is sent none"),
  mapping_source: z
    .enum(MAPPING_SOURCES)
    .describe(
      "Where it comes from: the request, a saved mapping, the last import with the same columns, or the columns' names",
    ),
  saved_mappings: z
    .array(
      z.object({
        id: z.uuid(),
        name: z.string(),
        same_columns: z
          .boolean()
          .describe(
            "Whether the file has exactly its columns; if not, at least those to which it gives a field",
          ),
        is_applied: z.boolean(),
      }),
    )
    .describe("Those that fit the file, best first"),
  options: z
    .record(z.string(), z.unknown())
    .describe("merge_strategy, keep_case, auto_tags and allow_repeat as they were understood"),
  sampled_rows: count.describe("Rows at the beginning to which column_details refer"),
  column_details: z.array(
    z.object({
      column: z.string(),
      field: z.enum(IMPORT_FIELDS),
      samples: z.array(z.string()).describe("Up to 3 different values"),
      filled: count.describe("Cells with a value"),
      fits: count.describe("How many of these can be read as a value of the field"),
    }),
  ),
  sample_rows: z.array(byColumn).describe("The first rows as they are in the file"),
  is_complete: z
    .boolean()
    .describe("Whether every row was checked; if not, all counts are of the first checked_rows"),
  checked_rows: count,
  total_rows: count.nullable().describe("Null if the file is longer than what was checked"),
  total_rows_estimate: count.describe("Estimated from the size of the rows that were checked"),
  valid_rows: count.describe("Checked rows that merge_strategy skip would import"),
  rejected_rows: count,
  duplicate_rows: z.object({
    in_file: count,
    in_database: count,
    with_new_phone: count.describe("Rows with a phone that their lead does not have"),
    with_new_parcel: count,
  }),
  strategies: z
    .object({
      skip: z.object(outcome),
      update: merging,
      fill: merging,
      add_phones: merging,
      create: z.object(outcome),
    })
    .describe("What each merge_strategy would make of the checked rows"),
  problems: z.array(z.object(reason)),
  phones: z.object({
    total: count,
    rows_with: z.object({ one: count, two: count, three: count }),
    rows_without: count,
    line_types: z
      .object({
        mobile: count,
        landline: count,
        voip: count,
        toll_free: count,
        other: count,
        not_told: count,
      })
      .describe("According to the file's own columns"),
    do_not_call: count.describe("Flagged in the file: imported with consent denied"),
    invalid: count.describe("Cells whose number can't be texted"),
  }),
  flags: z
    .array(
      z.object({
        column: z.string(),
        field: z.enum(IMPORT_FIELDS),
        phones: count.describe("Phones of rows without a problem that the column is about"),
        denied: count.describe("Imported with consent denied because of this column"),
        granted: count,
        invalid: count.describe("Imported as invalid: wrong number, out of service, reassigned"),
        landline: count,
        summary: z
          .string()
          .describe(
            'For people: "412 of 412 phones denied: look". It ends with "look" if most phones are affected',
          ),
      }),
    )
    .describe("What each column of opt-outs, consent or status did, and words beside numbers"),
  states: z.object({
    unrecognised: z.array(z.object({ column: z.string(), value: z.string(), rows: count })),
    rows_without_mailing_state: count.describe("Their quiet hours follow the area code alone"),
  }),
  tags: z.array(z.object({ tag: z.string(), rows: count })).describe("The 50 most frequent"),
  duplicates: z
    .array(
      z.object({
        line: count,
        field: z.string(),
        phone: z.string(),
        lead_id: z.uuid().nullable().describe("The lead that has the phone"),
        first_line: count.nullable().describe("The earlier line that has the phone"),
      }),
    )
    .describe("The first 50"),
  already_imported: alreadyImported,
  similar_import: z
    .object({ id: z.uuid(), file_name: z.string(), created_at: z.string(), rows: count, share: z.number() })
    .nullable()
    .describe("The import whose leads have the phones of at least half of the rows"),
});
export type Preview = z.output<typeof preview>;
