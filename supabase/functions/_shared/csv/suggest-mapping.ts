// Suggests which column goes to which field, by the names of the columns and by their cells.

import { EXPORT_ONLY_COLUMNS } from "../leads/export-columns.ts";
import { assignOtherFlags } from "./assign-flags.ts";
import { assignPhones, isNamedPhone } from "./assign-phones.ts";
import { cleanCell, isNumberField } from "./clean-cell.ts";
import type { Column } from "./find-phone.ts";
import {
  ADDRESS_SYNONYMS,
  INPUT_PREFIX,
  MAILING_PREFIX,
  OWN_COLUMNS,
  OWNER_PREFIX,
  OWNER_SYNONYMS,
  PARCEL_PREFIX,
  PARCEL_SYNONYMS,
  PLAIN_PARCEL_SYNONYMS,
  RESULT_PREFIX,
  SOMEBODY_ELSE,
  type Synonyms,
} from "./header-synonyms.ts";
import type { ImportField, Mapping } from "./import-fields.ts";
import { normaliseHeader, spellOut } from "./normalise-header.ts";
import { assignPlaces, assignWholeAddress } from "./place-columns.ts";
import { hasFixedForm, holdsPhone, isOfField } from "./set-field.ts";

/** Reads a column's name as one about a certain thing, such as the owner, and returns the rest; null if it is about another. */
type ReadName = (name: string) => string | null;

const plain: ReadName = (name) => name;
const owner: ReadName = (name) => name.replace(OWNER_PREFIX, "");
const parcel: ReadName = (name) => (PARCEL_PREFIX.test(name) ? name.replace(PARCEL_PREFIX, "") : null);
const mailing: ReadName = (name) =>
  MAILING_PREFIX.test(name)
    ? name.replace(MAILING_PREFIX, "")
    : OWNER_PREFIX.test(name)
      ? name.replace(OWNER_PREFIX, "")
      : null;
/** "Address 1 - City", "address.city". */
const addressPart: ReadName = (name) => name.replace(/^address (?:1 )?/, "");

const ADDRESS_NAMES = new Set(ADDRESS_SYNONYMS.flatMap(([, words]) => words));
const PLACE_SYNONYMS = ADDRESS_SYNONYMS.filter(([field]) => /^(?:city|state|postal_code)$/.test(field));
const PLAIN_STREETS = PLAIN_PARCEL_SYNONYMS.flatMap(([field, words]) => (field === "situs" ? words : []));

/**
 * @param columns the names of the columns
 * @param sample cells of the first rows: by them, a column with an unknown name that holds phones is found, and a column whose
 *   cells do not fit its name gets no field
 * @returns a field for every column; custom_field for the unknown ones
 */
export function suggestMapping(columns: string[], sample: string[][] = []): Mapping {
  const all = columns.map((name, index): Column => {
    const folded = normaliseHeader(name);
    return { folded, name: spellOut(folded).replace(RESULT_PREFIX, ""), index };
  });
  const found = new Map<number, ImportField>();
  const isExport = columns.includes("lead_id");
  for (const { folded, index } of all) {
    const isOurs = isExport && EXPORT_ONLY_COLUMNS.includes(columns[index] as string);
    if (isOurs || OWN_COLUMNS.includes(folded)) found.set(index, "ignore");
  }

  const known = all.filter(({ name, index }) => !found.has(index) && !SOMEBODY_ELSE.test(name));
  const named = known.filter(({ name }) => !INPUT_PREFIX.test(name));
  const isPhone = (column: Column) => isNamedPhone(column) && !holdsAnswers(column, sample);
  assignPhones(named, named.filter(isPhone), found);
  assignPlaces(named, found);
  assignByName(named, known, found);
  assignWholeAddress(named, found);
  // What a skip tracer was given counts less than what it found.
  const given = known
    .filter(({ name }) => INPUT_PREFIX.test(name))
    .map((column) => ({ ...column, name: column.name.replace(INPUT_PREFIX, "") }));
  assignPlaces(given, found);
  assignByName(given, given, found);
  settleNames(found);
  dropMisfits(found, sample);
  assignOtherFlags(named, found, sample);
  if (!named.some(isPhone)) {
    const phones = known.filter((column) => !found.has(column.index) && holdsPhones(column, sample));
    assignPhones(known, phones, found);
  }
  return Object.fromEntries(columns.map((name, index) => [name, found.get(index) ?? "custom_field"]));
}

/** @param file all columns, which show whether the file has a mailing address beside a plain one */
function assignByName(some: Column[], file: Column[], found: Map<number, ImportField>): void {
  const hasMailing = file.some(({ name }) =>
    ADDRESS_NAMES.has(mailing(name.replace(INPUT_PREFIX, "")) ?? ""),
  );
  assign(some, found, ADDRESS_SYNONYMS, (name) => (MAILING_PREFIX.test(name) ? mailing(name) : null));
  assign(some, found, ADDRESS_SYNONYMS, mailing);
  assign(some, found, OWNER_SYNONYMS, plain);
  assign(some, found, OWNER_SYNONYMS, owner);
  assign(some, found, PARCEL_SYNONYMS, plain);
  assign(some, found, PARCEL_SYNONYMS, parcel);
  if (hasMailing) {
    if (isMailingPlace(some, found)) assign(some, found, PLACE_SYNONYMS, plain);
    assign(some, found, PLAIN_PARCEL_SYNONYMS, plain);
  } else {
    assign(some, found, ADDRESS_SYNONYMS, (name) => (PARCEL_PREFIX.test(name) ? null : name));
    assign(some, found, ADDRESS_SYNONYMS, addressPart);
  }
  assignSpanishName(some, found);
}

/**
 * Whether plain columns City, State and Zip continue the mailing address: if it has a street and none of these, and no street of
 * the land stands between them. A State without a City is that of the land.
 */
function isMailingPlace(all: Column[], found: Map<number, ImportField>): boolean {
  const at = (field: string) => [...found].find(([, one]) => one === field)?.[0];
  const street = at("address1");
  const [city, ...others] = PLACE_SYNONYMS.map(
    ([, words]) => all.find(({ name, index }) => words.includes(name) && !found.has(index))?.index,
  );
  if (street === undefined || city === undefined || others.every((other) => other === undefined))
    return false;
  if (PLACE_SYNONYMS.some(([field]) => at(field) !== undefined)) return false;
  const land = at("situs") ?? all.find(({ name }) => PLAIN_STREETS.includes(name))?.index;
  return land === undefined || (street < city && (land < street || land > city));
}

/** Gives each field without a column the first column whose name, as `read`, is one of its synonyms; surest synonym first. */
function assign(all: Column[], found: Map<number, ImportField>, synonyms: Synonyms, read: ReadName): void {
  const taken = new Set(found.values());
  const names = all.map(({ name, index }) => (found.has(index) ? null : read(name)));
  for (const [field, words] of synonyms) {
    if (taken.has(field)) continue;
    for (const word of words) {
      const at = names.indexOf(word);
      if (at === -1) continue;
      found.set((all[at] as Column).index, field);
      names[at] = null;
      break;
    }
  }
}

/** "Nombre" is the first name if there is an "Apellido", and the full name otherwise. */
function assignSpanishName(all: Column[], found: Map<number, ImportField>): void {
  const column = all.find(
    ({ name, index }) => /^nombres?$/.test(name.replace(OWNER_PREFIX, "")) && !found.has(index),
  );
  if (!column) return;
  const fields = [...found.values()];
  const field = fields.includes("last_name") ? "first_name" : "full_name";
  if (!fields.includes(field)) found.set(column.index, field);
}

/** "Name" beside "Last Name" is the first name: as a full name it would be dropped in favour of the last name. */
function settleNames(found: Map<number, ImportField>): void {
  const fields = [...found.values()];
  if (!fields.includes("last_name") || fields.includes("first_name")) return;
  for (const [index, field] of found) if (field === "full_name") found.set(index, "first_name");
}

/** Fields of which only known words count, for columns whose cells are mostly other words: a no among them is never lost. */
const LENIENT: Partial<Record<ImportField, ImportField>> = {
  consent_status: "phone_consent",
  status: "phone_status",
};

/** Drops columns whose cells do not fit: a "Status" with a CRM's own words would give a warning in every row. */
function dropMisfits(found: Map<number, ImportField>, sample: string[][]): void {
  for (const [index, field] of found) {
    if (!hasFixedForm(field)) continue;
    const filled = sample
      .map((cells) => cleanCell(cells[index] ?? "", isNumberField(field)))
      .filter((cell) => cell !== "");
    const fitting = filled.filter((cell) => isOfField(field, cell)).length;
    if (filled.length === 0 || fitting >= filled.length / 2) continue;
    const lenient = LENIENT[field];
    if (lenient) found.set(index, lenient);
    else found.delete(index);
  }
}

/** "Is Cell" and "Wireless" may hold yes and no. */
function holdsAnswers({ index }: Column, sample: string[][]): boolean {
  const filled = sample.map((cells) => cells[index]?.trim() ?? "").filter((cell) => cell !== "");
  return filled.length > 0 && filled.every((cell) => /^(?:y|n|yes|no|true|false|si|sí|[01])$/i.test(cell));
}

function holdsPhones({ index }: Column, sample: string[][]): boolean {
  const filled = sample.map((cells) => cleanCell(cells[index] ?? "", true)).filter((cell) => cell !== "");
  const phones = filled.filter(holdsPhone);
  return filled.length > 0 && phones.length >= filled.length * 0.8;
}
