// What bulk actions look like on the wire. Values are checked where they are used: by private.check_bulk_value.
import { z } from "zod";
import { oneLine } from "../../_shared/http/one-line.ts";
import { job } from "../../_shared/jobs/job.ts";
import { leadFilter } from "../../_shared/leads/lead-filter.ts";
import { lead } from "../lead/schemas.ts";

export const BULK_ACTIONS = [
  "add_tags",
  "remove_tags",
  "set_status",
  "set_score",
  "set_source",
  "add_to_segment",
  "remove_from_segment",
  "delete",
  "restore",
] as const;

export const bulkActionInput = z
  .strictObject({
    action: z.enum(BULK_ACTIONS),
    ids: z.array(z.uuid()).min(1).max(10_000).optional().describe("These leads"),
    filter: leadFilter.optional().describe("All leads that fit; in place of ids"),
    value: z
      .union([z.array(oneLine(50, 0)).max(50), oneLine(1000, 0)])
      .nullable()
      .default(null)
      .describe("Tags, the status, score or source, or the id of a list; null for delete and restore"),
    dry_run: z.boolean().default(false).describe("Only count"),
  })
  .refine(({ ids, filter }) => (ids === undefined) !== (filter === undefined), {
    path: ["ids"],
    message: "Give either ids or a filter.",
  });
export type BulkActionInput = z.output<typeof bulkActionInput>;

const count = z.number().int();
export const bulkActionResult = z.object({
  matched: count,
  would_change: count.describe(
    "How many of these did not have the value already, counted before anything changed",
  ),
  sample: z.array(lead).describe("In a dry run: up to five leads that would change"),
  job: job.nullable().describe("Null for a dry run. Up to 1,000 leads are done when this is answered"),
});
export type BulkActionResult = z.output<typeof bulkActionResult>;
