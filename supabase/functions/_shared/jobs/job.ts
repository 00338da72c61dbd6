// What jobs look like on the wire.
import { z } from "zod";

const count = z.number().int();
export const JOB_KINDS = [
  "lead_export",
  "lead_bulk_action",
  "lead_bulk_undo",
  "conversation_bulk_change",
] as const;
export const JOB_STATUSES = ["queued", "running", "completed", "failed", "canceled"] as const;

export const job = z.object({
  id: z.uuid(),
  kind: z.enum(JOB_KINDS),
  status: z.enum(JOB_STATUSES),
  input: z
    .record(z.string(), z.unknown())
    .describe("What was asked for; a list of ids is shown as its length"),
  result: z.record(z.string(), z.unknown()).describe("What it has produced so far"),
  progress: z.number().describe("Share of its items (leads or conversations) that are done, 0 to 1"),
  total_items: count.nullable().describe("How many items it has; null until the job has fixed which ones"),
  done_items: count,
  items_per_second: z.number().nullable(),
  seconds_left: count.nullable().describe("Estimated from its pace so far"),
  error_message: z.string().nullable(),
  created_by: z.uuid().nullable(),
  created_at: z.string(),
  started_at: z.string().nullable(),
  finished_at: z.string().nullable(),
});
export type Job = z.output<typeof job>;
