// The filter of leads as a query string asks for it: flat names, lists as k[]=a, k=a&k=b or k=a,b.
import { z } from "zod";
import { instant, type LeadFilter, leadFilter, states, tagWords } from "../../_shared/leads/lead-filter.ts";
import { CONSENT_STATUSES, LANGUAGES, LEAD_SCORES, LEAD_STATUSES } from "../../_shared/leads/lead-values.ts";

const amount = (what: string) => z.coerce.number().min(0).max(1e15).optional().describe(what);
const idList = (what: string) => z.array(z.uuid()).max(100).optional().describe(what);
const shape = leadFilter.shape;

export const filterFields = {
  search: shape.search,
  county: shape.counties,
  state: states,
  city: shape.cities,
  zip: shape.zips,
  tags: tagWords("With any of these tags"),
  tags_all: tagWords("With all of these tags"),
  tags_none: tagWords("With none of these tags"),
  status: z.array(z.enum(LEAD_STATUSES)).optional(),
  score: z.array(z.enum(LEAD_SCORES)).optional(),
  source: shape.sources,
  consent_status: z.array(z.enum(CONSENT_STATUSES)).optional(),
  language: z.array(z.enum(LANGUAGES)).optional(),
  property_type: shape.property_types,
  acreage_from: amount("With a parcel of so many acres at least"),
  acreage_to: amount("... at most"),
  estimated_value_from: amount("With a parcel worth so many US dollars at least"),
  estimated_value_to: amount("... at most"),
  line_type: shape.line_types,
  import_id: idList("Came with any of these imports"),
  segment_id: idList("In any of these segments"),
  campaign_id: idList("Any of these campaigns wrote to them"),
  contacted: shape.contacted,
  not_contacted_days: z.coerce.number().int().min(1).max(9999).optional(),
  replied: z
    .enum(["true", "false"])
    .transform((word) => word === "true")
    .optional()
    .describe("Whether any of their phones ever wrote to us"),
  created_from: instant.optional(),
  created_to: instant.optional(),
  custom_field: z
    .array(z.string().regex(/^[^:]+:/, { message: "Write name:value." }))
    .max(20)
    .optional()
    .describe("name:value of a custom field; of one name any value, of several all"),
  deleted: z
    .enum(["true", "false"])
    .transform((word) => word === "true")
    .optional()
    .describe("true: deleted leads in place of the others"),
};
export type FilterQuery = z.output<z.ZodObject<typeof filterFields>>;

/** Fields that were not asked about are left out. */
export function filterOf(query: FilterQuery): LeadFilter {
  const { tags, tags_all, tags_none } = query;
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
    tags: given({ any: tags, all: tags_all, none: tags_none }),
    acreage: given({ from: query.acreage_from, to: query.acreage_to }),
    estimated_value: given({ from: query.estimated_value_from, to: query.estimated_value_to }),
    created: given({ from: query.created_from, to: query.created_to }),
    custom_fields: customFields(query.custom_field),
  };
  return (given(asked) ?? {}) as LeadFilter;
}

/** The fields that have a value, undefined where none has. */
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
