// What exports look like on the wire.
import { z } from "zod";
import { EXPORT_COLUMNS } from "../../_shared/leads/export-columns.ts";
import { leadFilter } from "../../_shared/leads/lead-filter.ts";
import { EXPORT_FORMATS } from "../../_shared/storage/stored-file.ts";

export const exportInput = z.strictObject({
  filter: leadFilter.default({}),
  format: z.enum(EXPORT_FORMATS).default("csv"),
  columns: z
    .array(z.enum(EXPORT_COLUMNS as [string, ...string[]]))
    .min(1)
    .max(EXPORT_COLUMNS.length)
    .transform((columns) => [...new Set(columns)])
    .optional()
    .describe(
      "The columns, in this order; if not given, all of them, and every custom field as a column of its own",
    ),
  rows_per: z
    .enum(["lead", "parcel"])
    .default("lead")
    .describe(
      "lead: one row for each lead, with its first parcel and how many it has; parcel: one row for each parcel",
    ),
});
export type ExportRequest = z.output<typeof exportInput>;

export const exportLink = z.object({
  url: z.string().describe("Opens without a token, for ten minutes"),
  expires_at: z.string(),
  file_name: z.string(),
  file_bytes: z.number().int(),
  rows: z.number().int(),
});
export type ExportLink = z.output<typeof exportLink>;
