// The filter of leads in the form of a query string: flat names, and lists as k[]=a, k=a&k=b or k=a,b.
import { z } from "zod";
import { type LeadFilter, leadFilter } from "../../_shared/leads/lead-filter.ts";

const shape = leadFilter.shape;
const tags = shape.tags.unwrap().shape;
const acreage = shape.acreage.unwrap().shape;
const value = shape.estimated_value.unwrap().shape;
const created = shape.created.unwrap().shape;
/** A number written as text. */
const number = <T extends z.ZodType<unknown, number>>(schema: z.ZodOptional<T>) =>
  z.coerce.number().pipe(schema.unwrap()).optional();
const flag = z.enum(["true", "false"]).transform((word) => word === "true");

export const filterFields = {
  search: shape.search,
  county: shape.counties,
  state: shape.states,
  city: shape.cities,
  zip: shape.zips,
  tags: tags.any.describe("With any of these tags"),
  tags_all: tags.all.describe("With all of these tags"),
  tags_none: tags.none.describe("With none of these tags"),
  untagged: flag.optional().describe("true: leads without tags, too, beside those with any of `tags`"),
  status: shape.statuses,
  score: shape.scores,
  source: shape.sources,
  consent_status: shape.consent,
  language: shape.languages,
  property_type: shape.property_types,
  acreage_from: number(acreage.from).describe("With a parcel of at least so many acres"),
  acreage_to: number(acreage.to).describe("With a parcel of at most so many acres"),
  estimated_value_from: number(value.from).describe("With a parcel worth at least so many US dollars"),
  estimated_value_to: number(value.to).describe("With a parcel worth at most so many US dollars"),
  line_type: shape.line_types,
  import_id: shape.import_ids,
  segment_id: shape.segment_ids,
  campaign_id: shape.campaign_ids,
  contacted: shape.contacted,
  not_contacted_days: number(shape.not_contacted_days),
  replied: flag.optional().describe("Whether any of their phones ever wrote to us"),
  created_from: created.from,
  created_to: created.to,
  custom_field: z
    .array(z.string().regex(/^[^:]+:/, { message: "Write name:value." }))
    .max(20)
    .optional()
    .describe("name:value of a custom field; any of the values given for a name, and all names given"),
  deleted: flag.optional().describe("true: deleted leads instead of the others"),
};
export type FilterQuery = z.output<z.ZodObject<typeof filterFields>>;

/** Leaves out fields that the query does not name. */
export function filterOf(query: FilterQuery): LeadFilter {
  const { tags, tags_all, tags_none, untagged } = query;
  const asked = {
    search: query.search,
    counties: query.county,
    states: query.state,
    cities: query.city,
    zips: query.zip,
    statuses: query.status,
    scores: query.score,
    sources: query.source,
    consent: query.consent_status,
    languages: query.language,
    property_types: query.property_type,
    line_types: query.line_type,
    import_ids: query.import_id,
    segment_ids: query.segment_id,
    campaign_ids: query.campaign_id,
    contacted: query.contacted,
    replied: query.replied,
    not_contacted_days: query.not_contacted_days,
    deleted: query.deleted,
    tags: given({ any: tags, all: tags_all, none: tags_none, untagged }),
    acreage: given({ from: query.acreage_from, to: query.acreage_to }),
    estimated_value: given({ from: query.estimated_value_from, to: query.estimated_value_to }),
    created: given({ from: query.created_from, to: query.created_to }),
    custom_fields: customFields(query.custom_field),
  };
  return (given(asked) ?? {}) as LeadFilter;
}

/** The fields that have a value; undefined if none has. */
function given<T extends object>(fields: T): Partial<T> | undefined {
  const filled = Object.entries(fields).filter(([, value]) => value !== undefined);
  return filled.length === 0 ? undefined : (Object.fromEntries(filled) as Partial<T>);
}

function customFields(pairs: string[] | undefined): Record<string, string[]> | undefined {
  if (pairs === undefined || pairs.length === 0) return undefined;
  const fields = new Map<string, string[]>();
  for (const pair of pairs) {
    const at = pair.indexOf(":");
    const name = pair.slice(0, at);
    fields.set(name, [...(fields.get(name) ?? []), pair.slice(at + 1).trim()]);
  }
  return Object.fromEntries(fields);
}
