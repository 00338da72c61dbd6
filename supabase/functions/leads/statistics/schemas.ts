// What statistics of leads look like on the wire.
import { z } from "zod";

const count = z.number().int();
const figures = (what: string) =>
  z.array(z.object({ value: z.string().nullable().describe("Null: none"), count })).describe(what);

export const leadStatistics = z.object({
  total: count,
  is_estimate: z
    .boolean()
    .describe(
      "More than 20,000 leads fit the filter: so many were counted, and the figures estimated from them",
    ),
  by_status: figures("The largest first, as all but months and phones"),
  by_score: figures("Leads by score"),
  by_consent: figures("Leads by consent"),
  by_source: figures("The first 100"),
  by_county: figures("The first 100"),
  by_state: figures("Of the mailing address; the first 100"),
  by_tag: figures("The first 50; a lead may have several"),
  by_month: figures("Created in, UTC, the last first: 2026-11"),
  phones: z.object({
    per_lead: figures("Leads with 3, 2, 1 and no phones"),
    valid: count.describe("Phones"),
    invalid: count.describe("Phones"),
    by_line_type: figures("Phones; not_looked_up: nobody knows yet"),
  }),
  parcels: count.describe("Of all these leads"),
});
export type LeadStatistics = z.output<typeof leadStatistics>;
