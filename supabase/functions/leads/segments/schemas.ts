// What segments look like on the wire.
import { z } from "zod";
import { oneLine, text } from "../../_shared/http/one-line.ts";
import { leadFilter } from "../../_shared/leads/lead-filter.ts";

export const SEGMENT_KINDS = ["filter", "list"] as const;

const name = oneLine(200);
const description = text(0, 2000).nullable();
const leadIds = z.array(z.uuid()).max(10_000);
const filter = leadFilter.omit({ segment_ids: true, deleted: true });

export const segmentInput = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("filter").describe("The leads that match the filter at the time it is used"),
    name,
    description: description.optional(),
    filter,
  }),
  z.strictObject({
    kind: z.literal("list").describe("The leads that were put on it"),
    name,
    description: description.optional(),
    lead_ids: leadIds.optional(),
  }),
]);

export const segmentChanges = z
  .strictObject({
    name: name.optional(),
    description: description.optional(),
    filter: filter.optional().describe("Only for a segment of kind filter"),
  })
  .refine((changes) => Object.keys(changes).length > 0, { message: "Give at least one field to change." });

export const segmentLeadChanges = z
  .strictObject({ add: leadIds.optional(), remove: leadIds.optional() })
  .refine(({ add, remove }) => (add?.length ?? 0) + (remove?.length ?? 0) > 0, {
    message: "Give leads to add, to remove, or both.",
  });
export const segmentLeadsChanged = z.object({
  added: z.number().int().describe("Leads that were not on the list"),
  removed: z.number().int(),
});

export const segment = z.object({
  id: z.uuid(),
  name: z.string(),
  description: z.string().nullable(),
  kind: z.enum(SEGMENT_KINDS),
  filter: leadFilter.nullable(),
  created_by: z.uuid().nullable(),
  created_at: z.string(),
  updated_at: z.string(),
});
export type Segment = z.output<typeof segment>;

export const leadCount = z.object({
  total: z.number().int().describe("Exact to 10,000"),
  total_is_estimate: z.boolean(),
});
export const segmentDetail = segment.extend({ leads: leadCount.describe("How many leads are in it now") });
export type SegmentDetail = z.output<typeof segmentDetail>;
