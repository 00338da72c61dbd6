// Turns a lead as the dashboard sends it into the area's fields, and remembers what each was called.
import { validationError } from "../../_shared/http/app-error.ts";
import type { FieldNames } from "../../_shared/http/rename-fields.ts";
import { UNTAGGED } from "./schemas.ts";

/** The area's field and the dashboard's names of it; of several that were sent, the last one counts. */
const LEAD_NAMES: Record<string, string[]> = {
  first_name: ["first_name", "firstName"],
  last_name: ["last_name", "lastName"],
  primary_phone: ["primary_phone", "phone1", "primaryPhone", "phone"],
  secondary_phone: ["secondary_phone", "phone2", "secondaryPhone"],
  alternate_phone: ["alternate_phone", "phone3", "alternatePhone"],
  language: ["language"],
  email: ["email"],
  address1: ["address1", "address_line1", "street", "address.street"],
  address2: ["address2", "address_line2"],
  city: ["city", "address.city"],
  state: ["state", "address.state"],
  postal_code: ["postal_code", "zip_code", "zip", "zipCode", "address.zip"],
  county: ["county", "address.county"],
  status: ["status"],
  lead_score: ["lead_score", "leadScore", "score"],
  consent_status: ["consent_status", "consentStatus"],
  source: ["source", "lead_source", "leadSource"],
  notes: ["notes"],
  tags: ["tags"],
  custom_fields: ["custom_fields", "customFields"],
  properties: ["properties"],
  allow_duplicate_phone: ["allow_duplicate_phone"],
};
const PARCEL_NAMES: Record<string, string[]> = {
  apn: ["parcel_id", "parcelId", "property.parcelId"],
  property_type: ["property_type", "propertyType", "property.propertyType"],
  acreage: ["acreage", "property.acreage"],
  estimated_value: [
    "estimated_value",
    "estimatedValue",
    "propertyValue",
    "property_value",
    "property.estimatedValue",
  ],
};
/** Sent along with what was read; they can't be written. */
const READ_ONLY = new Set([
  "id",
  "full_name",
  "fullName",
  "created_at",
  "updated_at",
  "createdAt",
  "updatedAt",
]);
/** Words that can't be empty: an empty one was not chosen. */
const WORDS = new Set(["status", "lead_score", "consent_status"]);
const NUMBERS = new Set(["acreage", "estimated_value"]);

const meanings = (names: Record<string, string[]>) =>
  new Map(Object.entries(names).flatMap(([field, spellings]) => spellings.map((name) => [name, field])));
const LEAD_FIELDS = meanings(LEAD_NAMES);
const PARCEL_FIELDS = meanings(PARCEL_NAMES);

export interface LeadInput {
  /** Fields of the lead itself. */
  lead: Record<string, unknown>;
  /** Fields of its first parcel, if any was sent. */
  parcel: Record<string, unknown> | undefined;
  /** What the caller called each field. */
  names: FieldNames;
}

/** @throws AppError invalid_input for a field that no lead has */
export function readLeadInput(body: Record<string, unknown>): LeadInput {
  const lead: Record<string, unknown> = {};
  const parcel: Record<string, unknown> = {};
  const names = new Map<string, string>();
  const unknown: string[] = [];
  for (const [name, value] of Object.entries(flatten(body))) {
    if (value === undefined || READ_ONLY.has(name)) continue;
    const field = LEAD_FIELDS.get(name);
    const ofParcel = PARCEL_FIELDS.get(name);
    if (field) {
      if (WORDS.has(field) && isEmpty(value)) continue;
      lead[field] = field === "tags" ? withoutUntagged(value) : value;
      names.set(field, name);
    } else if (ofParcel) {
      parcel[ofParcel] = NUMBERS.has(ofParcel) ? readNumber(value) : value;
      names.set(`properties.0.${ofParcel}`, name);
    } else unknown.push(name);
  }
  if (unknown.length > 0)
    throw validationError(
      unknown.map((field) => ({ field, message: `${field} is not a field of a lead: leave it out.` })),
    );
  return { lead, parcel: Object.keys(parcel).length > 0 ? parcel : undefined, names };
}

/** {address: {zip}} as "address.zip", for the two objects that the dashboard nests. */
function flatten(body: Record<string, unknown>): Record<string, unknown> {
  const { address, property, ...rest } = body;
  const inner = (prefix: string, fields: unknown) =>
    Object.entries((fields ?? {}) as Record<string, unknown>).map(([key, value]) => [
      `${prefix}.${key}`,
      value,
    ]);
  return { ...Object.fromEntries([...inner("address", address), ...inner("property", property)]), ...rest };
}

const isEmpty = (value: unknown) => value === null || (typeof value === "string" && value.trim() === "");

function withoutUntagged(tags: unknown): unknown {
  if (!Array.isArray(tags)) return tags;
  return tags.filter((tag) => String(tag).trim().toUpperCase() !== UNTAGGED);
}

/** "$12,500" as 12500; an empty text as null. What is no number stays as it is, and the area refuses it. */
function readNumber(value: unknown): unknown {
  if (typeof value !== "string") return value;
  const text = value.trim().replace(/^\$/, "").replaceAll(",", "");
  if (text === "") return null;
  return /^-?\d{1,15}(?:\.\d{1,10})?$/.test(text) ? Number(text) : value;
}
