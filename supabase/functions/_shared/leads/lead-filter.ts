// A filter of leads as clients send it. private.lead_condition makes the query of it; both refuse what they don't know.
import { z } from "zod";
import { CONSENT_STATUSES, LANGUAGES, LEAD_SCORES, LEAD_STATUSES, LINE_TYPES } from "./lead-values.ts";
import { parseState } from "./us-states.ts";

const MAX_WORDS = 1000;
const MAX_IDS = 10_000;

export const words = (what: string) =>
  z.array(z.string().trim().min(1).max(200)).max(MAX_WORDS).optional().describe(what);
const oneOf = <const T extends readonly [string, ...string[]]>(values: T, what?: string) => {
  const list = z.array(z.enum(values)).max(values.length).optional();
  return what === undefined ? list : list.describe(what);
};
const ids = (what: string, most: number) => z.array(z.uuid()).max(most).optional().describe(what);
const between = (what: string, unit: string) =>
  z
    .strictObject({ from: z.number().optional(), to: z.number().optional() })
    .optional()
    .describe(`${what}: at least \`from\`, at most \`to\`, in ${unit}`);
const instant = z.iso.datetime({ offset: true });

export const states = z
  .array(
    z
      .string()
      .trim()
      .min(1)
      .max(200)
      .transform((state) => parseState(state) ?? state),
  )
  .max(MAX_WORDS)
  .optional()
  .describe("With a mailing address in any of these states");

export const leadFilter = z
  .strictObject({
    search: z
      .string()
      .max(200)
      .optional()
      .describe(
        "Words of names, address, city, county, e-mail or parcel numbers, or a phone in any format or a part of one; all must match",
      ),
    ids: ids("Any of these leads", MAX_IDS),
    counties: words("With land in any of these counties"),
    states,
    cities: words("With a mailing address in any of these cities"),
    zips: words("With a mailing address in any of these ZIP codes, by their five digits"),
    tags: z
      .strictObject({
        any: words("At least one of these"),
        all: words("All of these"),
        none: words("None of these"),
      })
      .optional(),
    statuses: oneOf(LEAD_STATUSES),
    scores: oneOf(LEAD_SCORES),
    sources: words("From any of these sources"),
    consent: oneOf(CONSENT_STATUSES),
    languages: oneOf(LANGUAGES),
    property_types: words("With a parcel of any of these types"),
    acreage: between("With a parcel of that size", "acres"),
    estimated_value: between("With a parcel of that value", "US dollars"),
    line_types: oneOf([...LINE_TYPES, "not_looked_up"], "With a phone of any of these types"),
    import_ids: ids("Came with any of these imports", 100),
    segment_ids: ids("In any of these segments", 20),
    campaign_ids: ids("Any of these campaigns wrote to them", 100),
    contacted: z
      .enum(["never", "ever"])
      .optional()
      .describe("Whether a campaign's text to them was ever sent"),
    not_contacted_days: z
      .number()
      .int()
      .min(1)
      .max(9999)
      .optional()
      .describe("No campaign wrote to them within so many days"),
    replied: z.boolean().optional().describe("Whether any of their phones ever wrote to us"),
    created: z
      .strictObject({ from: instant.optional(), to: instant.optional() })
      .optional()
      .describe("Created at `from` or later, and before `to`"),
    custom_fields: z
      .record(
        z.string().min(1).max(200),
        z.union([
          z.string().max(1000),
          z.number(),
          z.boolean(),
          z.array(z.union([z.string().max(1000), z.number(), z.boolean()])).max(100),
        ]),
      )
      .refine((fields) => Object.keys(fields).length <= 20, {
        message: "Ask for 20 custom fields at most.",
      })
      .optional()
      .describe("Each field has the value, or one of the values"),
    deleted: z.boolean().optional().describe("true: deleted leads in place of the others"),
  })
  .describe("All that is given must hold; nothing given: every lead");
export type LeadFilter = z.output<typeof leadFilter>;
