// A filter of leads as clients send it. private.lead_condition makes the query of it; both refuse what they don't know.
import { z } from "zod";
import { isLine, line, plainNumber } from "./lead-texts.ts";
import { CONSENT_STATUSES, LANGUAGES, LEAD_SCORES, LEAD_STATUSES, LINE_TYPES } from "./lead-values.ts";
import { parseState } from "./us-states.ts";

const MAX_WORDS = 1000;
const MAX_IDS = 10_000;
/** Each is compared with each tag of a lead. */
const MAX_TAGS_ASKED = 100;
/** Each is a condition of its own. */
const MAX_CUSTOM_VALUES = 100;

const list = (most: number) => z.array(line(200, 1)).max(most).optional();
const words = (what: string) => list(MAX_WORDS).describe(what);
export const tagWords = (what: string) => list(MAX_TAGS_ASKED).describe(what);
const oneOf = <const T extends readonly [string, ...string[]]>(values: T, what?: string) => {
  const list = z.array(z.enum(values)).max(values.length).optional();
  return what === undefined ? list : list.describe(what);
};
const ids = (what: string, most: number) => z.array(z.uuid()).max(most).optional().describe(what);
const between = (what: string, unit: string) =>
  z
    .strictObject({ from: plainNumber.optional(), to: plainNumber.optional() })
    .optional()
    .describe(`${what}: at least \`from\`, at most \`to\`, in ${unit}`);
/** A time with its zone, of years that leads can be of, in a zone that there is. */
export const instant = z.iso
  .datetime({ offset: true })
  .max(40)
  .refine((time) => /^(?:19|20|21)/.test(time) && !/[+-](?:1[6-9]|2\d):\d\d$/.test(time), {
    message: "must be a time of the years 1900 to 2199, such as 2026-01-31T13:00:00Z.",
  });

export const states = z
  .array(line(200, 1).transform((state) => parseState(state) ?? state))
  .max(MAX_WORDS)
  .optional()
  .describe("With a mailing address in any of these states");

const customName = z
  .string()
  .min(1)
  .max(210)
  .refine(isLine, { message: "must be one line, without control characters." });
const customValue = z.union([z.string().max(1000), plainNumber, z.boolean()]);

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
        any: tagWords("At least one of these"),
        all: tagWords("All of these"),
        none: tagWords("None of these"),
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
      .record(customName, z.union([customValue, z.array(customValue).max(MAX_CUSTOM_VALUES)]))
      .refine((fields) => Object.keys(fields).length <= 20, {
        message: "Ask for 20 custom fields at most.",
      })
      .refine((fields) => Object.values(fields).flat().length <= MAX_CUSTOM_VALUES, {
        message: `Ask for ${MAX_CUSTOM_VALUES} values at most, all fields together.`,
      })
      .optional()
      .describe("Each field has the value, or one of the values"),
    deleted: z.boolean().optional().describe("true: deleted leads in place of the others"),
  })
  .describe("All that is given must hold; nothing given: every lead");
export type LeadFilter = z.output<typeof leadFilter>;
