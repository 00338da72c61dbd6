// Puts one cell of an import into the field of its column. A cell that does not fit is kept as a custom field, with a warning.

import { isForeignState, parseCountry, parseCountryName } from "../leads/countries.ts";
import { EMAIL, MAX_ACREAGE, MAX_ESTIMATED_VALUE, MAX_LENGTH, MAX_TAGS } from "../leads/lead-values.ts";
import { parseState } from "../leads/us-states.ts";
import { parsePhone } from "../sms/parse-phone.ts";
import { splitPhones } from "../sms/split-phones.ts";
import { type CaseKind, caseText, isOneCase } from "./case-text.ts";
import { type ImportField, PHONE_FIELDS } from "./import-fields.ts";
import { MAX_CELL_CHARS, MAX_PHONES_TRIED } from "./limits.ts";
import { parseAmount } from "./parse-amount.ts";
import { parseConsent, parseLanguage, parseScore, parseStatus, parseTags, parseZip } from "./parse-cell.ts";
import { readFlag } from "./read-flag.ts";
import { isCanadianCode, type Place, readCityStateZip } from "./read-place.ts";
import { splitName } from "./split-name.ts";
import { DAMAGE_REMEDY, findDamage, readScientific } from "./spreadsheet-damage.ts";
import { toSingleLine } from "./to-single-line.ts";

/** A row on its way to being a lead. */
export interface RowDraft {
  lead: Record<string, unknown> & { tags: string[] };
  parcel: Record<string, unknown>;
  custom: Record<string, string>;
  warnings: { field: string; reason: string }[];
  /** Of columns that hold several parts of an address. */
  place?: Place;
  parcelPlace?: Place;
  /** The name of another country that a cell names, and its column. */
  abroad?: { field: string; country: string };
}

/** Reads a value of the field; null if the cell holds none. */
type Read = (cell: string) => unknown;

const atMost =
  (max: number): Read =>
  (cell) =>
    cell.length <= max ? cell : null;
const amountUpTo =
  (most: number): Read =>
  (cell) => {
    const value = parseAmount(cell);
    return value !== null && value <= most ? value : null;
  };

function readZip(cell: string): string | null {
  const zip = parseZip(cell);
  return zip === null || findDamage(zip) !== undefined ? null : atMostZip(zip);
}
const atMostZip = (zip: string) => (zip.length <= MAX_LENGTH.postal_code ? zip : null);

/** A parcel number that a spreadsheet damaged is none: two of them would look like one parcel. */
function readApn(cell: string): string | null {
  const apn = readScientific(cell) ?? cell;
  return apn.length > MAX_LENGTH.apn || findDamage(apn) !== undefined ? null : apn;
}
/** Words such as "Opted Out" mean the status that we have for it. */
const readStatus: Read = (cell) =>
  parseStatus(cell) ?? (readFlag("lead", cell).consent === "denied" ? "do_not_contact" : null);
const readConsent: Read = (cell) => parseConsent(cell) ?? readFlag("consent", cell).consent ?? null;

/** Where a field is put, how its cell is read, and the warning if it can't be read. */
const READERS: Partial<Record<ImportField, [to: "lead" | "parcel", read: Read, complaint: string]>> = {
  first_name: ["lead", atMost(MAX_LENGTH.first_name), "The first name is too long."],
  last_name: ["lead", atMost(MAX_LENGTH.last_name), "The last name is too long."],
  email: [
    "lead",
    (cell) => (EMAIL.test(cell) && cell.length <= MAX_LENGTH.email ? cell : null),
    "This is no e-mail address.",
  ],
  address1: ["lead", atMost(MAX_LENGTH.address1), "The address is too long."],
  address2: ["lead", atMost(MAX_LENGTH.address2), "The address is too long."],
  city: ["lead", atMost(MAX_LENGTH.city), "The city is too long."],
  state: ["lead", parseState, "This is no state of the United States."],
  postal_code: ["lead", readZip, "This is no postal code."],
  county: ["lead", atMost(MAX_LENGTH.county), "The county is too long."],
  language: ["lead", parseLanguage, "The language must be Spanish or English."],
  status: ["lead", readStatus, "This is no status of a lead."],
  lead_score: ["lead", parseScore, "The score must be cold, warm or hot."],
  consent_status: ["lead", readConsent, "Consent must be yes or no."],
  source: ["lead", atMost(MAX_LENGTH.source), "The source is too long."],
  apn: ["parcel", readApn, "The parcel number is too long."],
  situs: ["parcel", atMost(MAX_LENGTH.situs), "The address is too long."],
  property_state: ["parcel", parseState, "This is no state of the United States."],
  property_type: ["parcel", atMost(MAX_LENGTH.property_type), "The property type is too long."],
  acreage: ["parcel", amountUpTo(MAX_ACREAGE), "This is no number of acres."],
  estimated_value: ["parcel", amountUpTo(MAX_ESTIMATED_VALUE), "This is no amount of dollars."],
};

/** Fields whose capitals are corrected: see caseText. */
const CASED: Partial<Record<ImportField, CaseKind>> = {
  first_name: "name",
  last_name: "name",
  address1: "address",
  address2: "address",
  situs: "address",
  city: "place",
  county: "place",
};

/** Fields whose cells have a fixed form: a column with other cells is not of that field, whatever its name. */
const FIXED_FORM: readonly ImportField[] = [
  "email",
  "state",
  "property_state",
  "language",
  "status",
  "lead_score",
  "consent_status",
  "acreage",
  "estimated_value",
];
export const hasFixedForm = (field: ImportField) => FIXED_FORM.includes(field);

/** @param cell trimmed and not empty */
export function fitsField(field: ImportField, cell: string): boolean {
  if (cell.length > MAX_CELL_CHARS) return false;
  if ((PHONE_FIELDS as readonly string[]).includes(field)) return holdsPhone(cell);
  const reader = READERS[field];
  if (field === "city_state_zip" || field === "property_city_state_zip")
    return readCityStateZip(cell) !== null;
  if (field === "country") return parseCountry(cell) !== null;
  return reader === undefined || reader[1](cell) !== null;
}

/** Whether a cell that does not fit shows nevertheless that its column is of the field: a state of another country. */
export function isOfField(field: ImportField, cell: string): boolean {
  if (fitsField(field, cell)) return true;
  if (field !== "state" && field !== "property_state") return false;
  return isForeignState(cell) || countryOf(cell) !== null;
}

/** Whether one of the first numbers in a cell can be texted. */
export function holdsPhone(cell: string): boolean {
  if (cell.length > MAX_CELL_CHARS) return false;
  return splitPhones(cell)
    .slice(0, MAX_PHONES_TRIED)
    .some((text) => parsePhone(text).ok);
}

/** Fields that may hold several lines; in any other, a line break becomes a blank. */
const MANY_LINES: readonly ImportField[] = ["notes", "custom_field"];

/** Longer names and addresses fit no field, so their capitals do not matter. */
const MAX_CASED_CHARS = 500;

/** @param given trimmed and not empty; phones, their types and flags are read elsewhere */
export function setField(
  draft: RowDraft,
  field: ImportField,
  column: string,
  given: string,
  keepCase: boolean,
): void {
  const kind = keepCase || given.length > MAX_CASED_CHARS ? undefined : CASED[field];
  const text = MANY_LINES.includes(field) ? given : toSingleLine(given).trim();
  const cell = kind ? caseText(text, kind) : text;
  if (field === "postal_code" && isCanadianCode(cell)) {
    draft.abroad ??= { field: column, country: "Canada" };
    return;
  }
  const reader = READERS[field];
  if (reader) {
    const [to, read, complaint] = reader;
    const value = read(cell);
    // The words of another program say why the person is not written to.
    if (field === "status" && parseStatus(cell) === null && isFlag(cell)) draft.custom[column] = given;
    else if (value === null && !isAbroad(draft, field, column, cell))
      keep(draft, column, given, complaintAbout(field, cell) ?? complaint);
    if (value !== null) draft[to][field === "property_state" ? "state" : field] = value;
    return;
  }
  if (field === "full_name") setFullName(draft, column, text, keepCase);
  else if (field === "notes") setNotes(draft, column, cell);
  else if (field === "tags") addTags(draft, column, cell);
  else if (field === "custom_field") draft.custom[column] = cell;
  else if (field === "country") setCountry(draft, column, cell);
  else if (field === "city_state_zip" || field === "property_city_state_zip")
    setPlace(draft, field, column, cell);
}

function isFlag(cell: string): boolean {
  const { consent, invalid } = readFlag("lead", cell);
  return consent !== undefined || invalid !== undefined;
}

/** "Jalisco, Mexico" as the state of the person. */
function isAbroad(draft: RowDraft, field: ImportField, column: string, cell: string): boolean {
  const country = field === "state" ? countryOf(cell) : null;
  if (country === null) return false;
  draft.abroad ??= { field: column, country };
  return true;
}

/** The other country that the cell of a state names. */
function countryOf(cell: string): string | null {
  const country = parseCountryName(cell) ?? readCityStateZip(cell)?.country ?? null;
  return country === "us" ? null : country;
}

function setCountry(draft: RowDraft, column: string, cell: string): void {
  const country = parseCountry(cell);
  if (country === null) {
    // "Harris" in a column that is misspelled.
    if (parseState(cell) === null) keep(draft, column, cell, "This is no country.");
  } else if (country !== "us") draft.abroad ??= { field: column, country };
}

function setPlace(draft: RowDraft, field: ImportField, column: string, cell: string): void {
  const place = readCityStateZip(cell);
  if (place === null) keep(draft, column, cell, "No state of the United States was found in it.");
  else if (field === "property_city_state_zip") draft.parcelPlace = place;
  else if (place.country !== undefined) draft.abroad ??= { field: column, country: place.country };
  else draft.place = place;
}

/** Fields with numbers that are no amounts. */
const NUMBERS: readonly ImportField[] = ["apn", "postal_code"];

function complaintAbout(field: ImportField, cell: string): string | undefined {
  const damage = NUMBERS.includes(field) ? findDamage(cell) : undefined;
  return damage && `${damage} ${DAMAGE_REMEDY}`;
}

function keep(draft: RowDraft, column: string, cell: string, complaint: string): void {
  draft.custom[column] = cell;
  draft.warnings.push({ field: column, reason: `${complaint} It was kept as a custom field.` });
}

/** Separate columns for first and last name win over the full name. */
function setFullName(draft: RowDraft, column: string, name: string, keepCase: boolean): void {
  const parts = name.length > MAX_CASED_CHARS ? { first: null, last: name } : splitName(name);
  // After the split: in "SMITH, AL" and "NGUYEN, VI" the second word is a first name, and no "et al" or numeral.
  const write = (part: string | null) =>
    part !== null && !keepCase && isOneCase(name) ? caseText(part, "name") : part;
  const [first, last] = [write(parts.first), write(parts.last)];
  if ((first?.length ?? 0) > MAX_LENGTH.first_name || (last?.length ?? 0) > MAX_LENGTH.last_name) {
    keep(draft, column, name, "The name is too long.");
    return;
  }
  if (draft.lead.first_name !== undefined || draft.lead.last_name !== undefined) return;
  if (first) draft.lead.first_name = first;
  if (last) draft.lead.last_name = last;
}

function setNotes(draft: RowDraft, column: string, cell: string): void {
  const notes = draft.lead.notes === undefined ? cell : `${draft.lead.notes}\n${cell}`;
  if (notes.length > MAX_LENGTH.notes) keep(draft, column, cell, "The notes are too long.");
  else draft.lead.notes = notes;
}

function addTags(draft: RowDraft, column: string, cell: string): void {
  const given = parseTags(cell);
  const tags = new Set([...draft.lead.tags, ...(given ?? [])]);
  if (given === null || tags.size > MAX_TAGS)
    keep(draft, column, cell, `A lead has at most ${MAX_TAGS} tags.`);
  else draft.lead.tags = [...tags];
}
