// Puts one cell of an import into the field its column goes to; what does not fit is kept as a custom field, with a warning.
import { EMAIL, MAX_ACREAGE, MAX_ESTIMATED_VALUE, MAX_LENGTH, MAX_TAGS } from "../leads/lead-values.ts";
import { parseState } from "../leads/us-states.ts";
import { parsePhone } from "../sms/parse-phone.ts";
import { splitPhones } from "../sms/split-phones.ts";
import { type CaseKind, caseText } from "./case-text.ts";
import { type ImportField, PHONE_FIELDS } from "./import-fields.ts";
import { MAX_CELL_CHARS, MAX_PHONES_TRIED } from "./limits.ts";
import {
  parseAmount,
  parseConsent,
  parseLanguage,
  parseScore,
  parseStatus,
  parseTags,
  parseZip,
  splitName,
} from "./parse-cell.ts";
import { toSingleLine } from "./to-single-line.ts";

/** A row on its way to being a lead. */
export interface RowDraft {
  lead: Record<string, unknown> & { tags: string[] };
  parcel: Record<string, unknown>;
  custom: Record<string, string>;
  warnings: { field: string; reason: string }[];
}

/** A value of the field, or null where the cell holds none. */
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

/** Where a field is put, how its cell is read, and what is said where it can't be. */
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
  postal_code: ["lead", (cell) => atMost(MAX_LENGTH.postal_code)(parseZip(cell)), "This is no postal code."],
  county: ["lead", atMost(MAX_LENGTH.county), "The county is too long."],
  language: ["lead", parseLanguage, "The language must be Spanish or English."],
  status: ["lead", parseStatus, "This is no status of a lead."],
  lead_score: ["lead", parseScore, "The score must be cold, warm or hot."],
  consent_status: ["lead", parseConsent, "Consent must be yes or no."],
  source: ["lead", atMost(MAX_LENGTH.source), "The source is too long."],
  apn: ["parcel", atMost(MAX_LENGTH.apn), "The parcel number is too long."],
  situs: ["parcel", atMost(MAX_LENGTH.situs), "The address is too long."],
  property_state: ["parcel", parseState, "This is no state of the United States."],
  property_type: ["parcel", atMost(MAX_LENGTH.property_type), "The property type is too long."],
  acreage: ["parcel", amountUpTo(MAX_ACREAGE), "This is no number of acres."],
  estimated_value: ["parcel", amountUpTo(MAX_ESTIMATED_VALUE), "This is no amount of dollars."],
};

/** Fields that are written as people write them, whatever a program made of them. */
const CASED: Partial<Record<ImportField, CaseKind>> = {
  first_name: "name",
  last_name: "name",
  full_name: "name",
  address1: "address",
  address2: "address",
  situs: "address",
  city: "place",
  county: "place",
};

/** Fields whose cells are of a fixed form, so that a column of other cells is not of that field, whatever it is called. */
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
  return reader === undefined || reader[1](cell) !== null;
}

/** Whether one of the first numbers in a cell can be texted. */
export function holdsPhone(cell: string): boolean {
  if (cell.length > MAX_CELL_CHARS) return false;
  return splitPhones(cell)
    .slice(0, MAX_PHONES_TRIED)
    .some((text) => parsePhone(text).ok);
}

/** Fields that may hold several lines; a line break in any other is a blank. */
const MANY_LINES: readonly ImportField[] = ["notes", "custom_field"];

/** Names and addresses that are longer fit no field, so how they are written does not matter. */
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
  const reader = READERS[field];
  if (reader) {
    const [to, read, complaint] = reader;
    const value = read(cell);
    if (value === null) keep(draft, column, given, complaint);
    else draft[to][field === "property_state" ? "state" : field] = value;
    return;
  }
  if (field === "full_name") setFullName(draft, column, given, cell);
  else if (field === "notes") setNotes(draft, column, cell);
  else if (field === "tags") addTags(draft, column, cell);
  else if (field === "custom_field") draft.custom[column] = cell;
}

function keep(draft: RowDraft, column: string, cell: string, complaint: string): void {
  draft.custom[column] = cell;
  draft.warnings.push({ field: column, reason: `${complaint} It was kept as a custom field.` });
}

/** Columns of their own for first and last name win over the whole name. */
function setFullName(draft: RowDraft, column: string, given: string, cell: string): void {
  const { first, last } = splitName(cell);
  if ((first?.length ?? 0) > MAX_LENGTH.first_name || (last?.length ?? 0) > MAX_LENGTH.last_name) {
    keep(draft, column, given, "The name is too long.");
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
