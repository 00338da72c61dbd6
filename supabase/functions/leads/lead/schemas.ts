// What leads look like on the wire.
import { z } from "zod";
import { exactLine, exactText, text as manyLines, oneLine } from "../../_shared/http/one-line.ts";
import { pageFields } from "../../_shared/http/pagination.ts";
import { leadFilter } from "../../_shared/leads/lead-filter.ts";
import {
  CONSENT_STATUSES,
  EMAIL,
  LANGUAGES,
  LEAD_SCORES,
  LEAD_STATUSES,
  MAX_ACREAGE,
  MAX_CUSTOM_FIELDS,
  MAX_CUSTOM_NAME,
  MAX_CUSTOM_TEXT,
  MAX_ESTIMATED_VALUE,
  MAX_LENGTH,
  MAX_PARCELS,
  MAX_TAGS,
  TAG,
} from "../../_shared/leads/lead-values.ts";
import { plainNumber } from "../../_shared/leads/plain-number.ts";
import { parseState } from "../../_shared/leads/us-states.ts";
import { orderFields } from "../filters/lead-order.ts";
import { leadPhone } from "../phones/schemas.ts";

/** An empty text empties the field. */
const text = (max: number) =>
  oneLine(max, 0)
    .transform((value) => value || null)
    .nullable();
const state = z
  .string()
  .trim()
  .transform((value, ctx) => {
    const code = value === "" ? null : parseState(value);
    if (value !== "" && code === null)
      ctx.addIssue({ code: "custom", message: "Write a state of the United States, such as TX or Texas." });
    return code;
  })
  .nullable();
const phone = z.string().max(100).nullable().describe("In any US format; answered in E.164");

export const tags = z
  .array(
    z
      .string()
      .trim()
      .toUpperCase()
      .regex(TAG, { message: "A tag has 1 to 50 characters: A-Z, 0-9, + and -." }),
  )
  .max(MAX_TAGS)
  .transform((list) => [...new Set(list)]);

export const parcelInput = z.strictObject({
  apn: text(MAX_LENGTH.apn).optional().describe("Assessor's parcel number"),
  county: text(MAX_LENGTH.county).optional(),
  state: state.optional(),
  situs: text(MAX_LENGTH.situs).optional().describe("Where the land is"),
  property_type: text(MAX_LENGTH.property_type).optional(),
  acreage: plainNumber.min(0).max(MAX_ACREAGE).nullable().optional().describe("Acres"),
  estimated_value: plainNumber.min(0).max(MAX_ESTIMATED_VALUE).nullable().optional().describe("US dollars"),
});

const fields = {
  first_name: text(MAX_LENGTH.first_name),
  last_name: text(MAX_LENGTH.last_name),
  primary_phone: phone,
  secondary_phone: phone,
  alternate_phone: phone,
  language: z.enum(LANGUAGES).nullable(),
  email: text(MAX_LENGTH.email).refine((value) => value === null || EMAIL.test(value), {
    message: "Write an e-mail address such as ana@example.com.",
  }),
  address1: text(MAX_LENGTH.address1).describe(
    "The owner's mailing address: it decides the hours they may be written to",
  ),
  address2: text(MAX_LENGTH.address2),
  city: text(MAX_LENGTH.city),
  state,
  postal_code: text(MAX_LENGTH.postal_code),
  county: text(MAX_LENGTH.county).describe("The county of the land"),
  status: z.enum(LEAD_STATUSES),
  lead_score: z.enum(LEAD_SCORES),
  consent_status: z
    .enum(CONSENT_STATUSES)
    .describe("Sets the consent of all phones of the lead and records who set it"),
  source: text(MAX_LENGTH.source),
  notes: manyLines(0, MAX_LENGTH.notes)
    .transform((value) => value || null)
    .nullable(),
  tags,
  custom_fields: z
    .record(
      exactLine(MAX_CUSTOM_NAME),
      z.union([exactText(MAX_CUSTOM_TEXT), plainNumber, z.boolean(), z.null()]),
    )
    .refine((given) => Object.keys(given).length <= MAX_CUSTOM_FIELDS, {
      message: `A lead has ${MAX_CUSTOM_FIELDS} custom fields at most.`,
    }),
  properties: z.array(parcelInput).max(MAX_PARCELS).describe("Parcels; a change replaces all of them"),
  allow_duplicate_phone: z.boolean().describe("Save even if another lead has one of the phones"),
};

export const leadInput = z.strictObject({
  ...z.strictObject(fields).partial().shape,
  primary_phone: z.string().max(100).describe("In any US format; answered in E.164"),
});
export const leadChanges = z
  .strictObject(fields)
  .partial()
  .refine((changes) => Object.keys(changes).some((key) => key !== "allow_duplicate_phone"), {
    message: "Give at least one field to change.",
  });

/** Pages and order are given as in the query of the list. */
export const leadSearch = z.strictObject({ ...pageFields, ...orderFields, filter: leadFilter.default({}) });
export const parcel = z.object({
  id: z.uuid(),
  apn: z.string().nullable(),
  county: z.string().nullable(),
  state: z.string().nullable(),
  situs: z.string().nullable(),
  property_type: z.string().nullable(),
  acreage: z.number().nullable(),
  estimated_value: z.number().nullable(),
  created_at: z.string(),
  updated_at: z.string(),
});
export type Parcel = z.output<typeof parcel>;

const e164 = z.string().describe("E.164");
export const lead = z.object({
  id: z.uuid(),
  first_name: z.string().nullable(),
  last_name: z.string().nullable(),
  full_name: z.string().nullable(),
  primary_phone: e164.nullable(),
  secondary_phone: e164.nullable(),
  alternate_phone: e164.nullable(),
  language: z.enum(LANGUAGES).nullable(),
  email: z.string().nullable(),
  address1: z.string().nullable(),
  address2: z.string().nullable(),
  city: z.string().nullable(),
  state: z.string().nullable(),
  postal_code: z.string().nullable(),
  county: z.string().nullable(),
  status: z.enum(LEAD_STATUSES),
  lead_score: z.enum(LEAD_SCORES),
  consent_status: z.enum(CONSENT_STATUSES),
  source: z.string().nullable(),
  notes: z.string().nullable(),
  tags: z.array(z.string()),
  custom_fields: z.record(z.string(), z.unknown()),
  import_id: z.uuid().nullable().describe("The import it came with"),
  first_contacted_at: z.string().nullable().describe("When a campaign's text to them was first sent"),
  created_at: z.string(),
  updated_at: z.string(),
  phones: z.array(leadPhone),
  properties: z.array(parcel),
});
export type Lead = z.output<typeof lead>;
