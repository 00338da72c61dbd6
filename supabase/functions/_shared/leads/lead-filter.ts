// A filter of leads as clients send it. The database decides what its fields may hold: private.lead_filter_shape.
import { z } from "zod";
import { filterFields } from "./lead-filter.generated.ts";
import { parseState } from "./us-states.ts";

const MEANINGS: Record<keyof typeof filterFields, string> = {
  search:
    "Words of names, address, city, county, e-mail or parcel numbers, or a phone in any format or a part of one; all must match",
  ids: "Any of these leads",
  counties: "With land in any of these counties",
  states: "With a mailing address in any of these states",
  cities: "With a mailing address in any of these cities",
  zips: "With a mailing address in any of these ZIP codes, by their five digits",
  tags: "any: at least one of these tags; all: all of them; none: none of them; untagged: leads without tags, too, beside those of any",
  statuses: "With any of these statuses",
  scores: "With any of these scores",
  sources: "From any of these sources",
  consent: "With any of these consents",
  languages: "With any of these languages",
  property_types: "With a parcel of any of these types",
  acreage: "With a parcel of that size: at least `from`, at most `to`, in acres",
  estimated_value: "With a parcel of that value: at least `from`, at most `to`, in US dollars",
  line_types: "With a phone of any of these types",
  import_ids: "Leads that came with any of these imports",
  segment_ids: "In any of these segments",
  campaign_ids: "Leads to whom any of these campaigns wrote",
  contacted: "Whether a campaign's text to them was ever sent",
  not_contacted_days: "Leads to whom no campaign wrote within so many days",
  replied: "Whether any of their phones ever wrote to us",
  created: "Created at `from` or later, and before `to`",
  custom_fields: "Each field has the value, or one of the values; 100 values at most, all fields together",
  deleted: "true: deleted leads instead of the others",
};

const described = Object.fromEntries(
  Object.entries(filterFields).map(([name, schema]) => [
    name,
    schema.describe(MEANINGS[name as keyof typeof filterFields]),
  ]),
) as typeof filterFields;

export const leadFilter = z
  .strictObject({
    ...described,
    // People write Texas, the database has TX.
    states: filterFields.states
      .unwrap()
      .transform((states) => states.map((state) => parseState(state) ?? state))
      .optional()
      .describe(MEANINGS.states),
  })
  .describe("A lead must match every field that is given; without any, all leads match");
export type LeadFilter = z.output<typeof leadFilter>;

/** A time with its offset from UTC. */
export const instant = filterFields.created.unwrap().shape.from.unwrap();
