// Reads and checks what a service's answer says about a parcel. If one value can't be right, the whole answer is refused.

import { ExternalError } from "../external/external-error.ts";
import type { FindCounty } from "../leads/find-county.ts";
import { MAX_ACREAGE, MAX_ESTIMATED_VALUE, MAX_LENGTH } from "../leads/lead-values.ts";
import { parseState } from "../leads/us-states.ts";
import { readPath } from "./read-path.ts";
import { PARCEL_FIELDS, type ParcelFields } from "./service.ts";

const MOST = { acreage: MAX_ACREAGE, estimated_value: MAX_ESTIMATED_VALUE } as const;

/**
 * @param map field to path in the answer
 * @param asked the parcel that was asked about: an answer about another one is refused
 * @throws ExternalError refused if a value can't be right or the answer is about another parcel, skipped if it says nothing
 */
export async function mapParcel(
  answer: unknown,
  map: Record<string, unknown>,
  asked: ParcelFields,
  findCounty: FindCounty,
): Promise<Partial<ParcelFields>> {
  const fields = readParcel(answer, map, asked);
  await settleCounty(fields, asked, findCounty);
  return fields;
}

/** Checks all but whether there is such a county, which the database knows. @throws ExternalError as mapParcel does */
export function readParcel(
  answer: unknown,
  map: Record<string, unknown>,
  asked: ParcelFields,
): Partial<ParcelFields> {
  const fields: Partial<ParcelFields> = {};
  for (const field of PARCEL_FIELDS) {
    const path = map[field];
    if (typeof path !== "string") continue;
    const value = readPath(answer, path);
    if (value === undefined || value === null || value === "") continue;
    if (field === "acreage" || field === "estimated_value") fields[field] = readNumber(field, value);
    else fields[field] = readText(field, value);
  }
  if (fields.state) {
    const code = parseState(fields.state) ?? refuse(`${fields.state.slice(0, 50)} is no state.`);
    if (asked.state !== null && code !== asked.state)
      refuse(`The answer is about another parcel: it lies in ${code}, not in ${asked.state}.`);
    fields.state = code;
  }
  if (asked.apn !== null && fields.apn !== undefined && plain(asked.apn) !== plain(fields.apn ?? ""))
    refuse(`The answer is about another parcel: APN ${String(fields.apn).slice(0, 50)}.`);
  if (Object.keys(fields).length === 0)
    throw new ExternalError("skipped", "The service knows nothing of this parcel.");
  return fields;
}

async function settleCounty(
  fields: Partial<ParcelFields>,
  asked: ParcelFields,
  findCounty: FindCounty,
): Promise<void> {
  const state = fields.state ?? asked.state;
  if (!fields.county || !state) return;
  const county =
    (await findCounty(state, fields.county)) ??
    refuse(`${state} has no county ${fields.county.slice(0, 50)}.`);
  const known = asked.county === null ? null : await findCounty(state, asked.county);
  if (known && known.fips !== county.fips)
    refuse(`The answer is about another parcel: it lies in ${county.full_name}, not in ${known.full_name}.`);
  fields.county = county.name;
}

function readNumber(field: keyof typeof MOST, value: unknown): number {
  const number =
    typeof value === "string" && /^\$?-?(?:[\d,]*\.\d+|[\d,]*\d)$/.test(value.trim())
      ? Number(value.replace(/[$,\s]/g, ""))
      : value;
  if (typeof number !== "number" || !Number.isFinite(number)) return refuse(`${field} is no number.`);
  if (number < 0) return refuse(`${field} is negative.`);
  if (number > MOST[field]) return refuse(`${field} is more than there can be.`);
  return number;
}

function readText(field: "apn" | "county" | "state" | "situs" | "property_type", value: unknown): string {
  if (typeof value !== "string" && typeof value !== "number") return refuse(`${field} is no text.`);
  const text = String(value)
    .replace(/\p{Cc}+/gu, " ")
    .trim();
  const most = field === "state" ? 50 : MAX_LENGTH[field];
  return text.length > most ? refuse(`${field} is longer than ${most} characters.`) : text;
}

const plain = (apn: string) => apn.toUpperCase().replace(/[^A-Z0-9]/g, "");

function refuse(message: string): never {
  throw new ExternalError("refused", message);
}
