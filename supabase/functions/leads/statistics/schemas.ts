// What statistics of leads look like on the wire.
import { z } from "zod";

const count = z.number().int();
const figures = (what: string) =>
  z
    .array(z.object({ value: z.string().nullable().describe("Null: the leads that have none"), count }))
    .describe(what);

export const leadStatistics = z.object({
  total: count,
  is_estimate: z
    .boolean()
    .describe(
      "True if more than 20,000 leads fit the filter: 20,000 were counted, and the figures are estimated from them",
    ),
  by_status: figures("Leads by status, the largest count first, as in all lists but months and phones"),
  by_score: figures("Leads by score"),
  by_consent: figures("Leads by consent"),
  by_source: figures("Leads by source; the first 100"),
  by_county: figures("Leads by county; the first 100"),
  by_state: figures("Leads by state of the mailing address; the first 100"),
  by_tag: figures("Leads by tag, of which a lead may have several; the first 50"),
  by_month: figures("Leads by the month (UTC) they were created in, such as 2026-11; the latest first"),
  phones: z.object({
    per_lead: figures("Leads with 3, 2, 1 and no phones"),
    valid: count.describe("Valid phones"),
    invalid: count.describe("Invalid phones"),
    by_line_type: figures("Phones by line type; not_looked_up: not known yet"),
  }),
  parcels: count.describe("Parcels of all these leads"),
});
export type LeadStatistics = z.output<typeof leadStatistics>;
