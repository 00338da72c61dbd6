// What saved mappings look like on the wire.
import { z } from "zod";
import { IMPORT_FIELDS, MERGE_STRATEGIES } from "../../_shared/csv/import-fields.ts";
import { exactLine, oneLine } from "../../_shared/http/one-line.ts";
import { instant } from "../../_shared/leads/lead-filter.ts";
import { tags } from "../lead/schemas.ts";

/** Where a mapping comes from: the request, a saved one, the last import with the same columns, or the columns' names. */
export const MAPPING_SOURCES = ["request", "saved", "last_import", "suggested"] as const;

export const autoTags = z.strictObject({
  time: z.boolean().default(false).describe("Add a tag for the month, such as SEP25"),
  geographic: z.boolean().default(false).describe("Add a tag for state and county, such as TX-HAR"),
  property: z.boolean().default(false).describe("Add a tag for the acres, such as 5-10AC"),
  upload_date: z
    .union([z.iso.date(), instant])
    .nullish()
    .describe("Decides the month; today in the organisation's time zone unless given"),
});

const options = z.strictObject({
  merge_strategy: z.enum(MERGE_STRATEGIES).optional(),
  keep_case: z.boolean().optional(),
  auto_tags: autoTags.optional(),
  tags: tags.optional(),
});

/** The name of a column: at most 200 characters of the file, and a number if another column has the same name. */
const column = exactLine(210);

export const savedMappingInput = z.strictObject({
  name: oneLine(100),
  mapping: z
    .record(column, z.enum(IMPORT_FIELDS).nullable())
    .describe("{column: field}, as a preview gives it; null leaves a column out"),
  columns: z
    .array(column)
    .min(1)
    .max(500)
    .optional()
    .describe("All columns of the file; those of the mapping unless given"),
  options: options
    .default({})
    .describe("Used for imports with this mapping, unless their request says otherwise"),
});
export type SavedMappingInput = z.output<typeof savedMappingInput>;

export const MAPPING_COLUMNS = "id, name, columns, mapping, options, created_by, created_at, updated_at";

export const savedMapping = z.object({
  id: z.uuid(),
  name: z.string(),
  columns: z.array(z.string()),
  mapping: z.record(z.string(), z.enum(IMPORT_FIELDS)),
  options,
  created_by: z.uuid().nullable(),
  created_at: z.string(),
  updated_at: z.string(),
});
export type SavedMapping = z.output<typeof savedMapping>;
