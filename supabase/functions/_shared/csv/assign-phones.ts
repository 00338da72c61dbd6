// Finds the columns that hold phones, with their roles, and the columns that say something about a phone: its type, or that it
// must not be called.
import {
  DNC_WORDS,
  LANDLINE_WORDS,
  NOT_A_DNC_WORDS,
  NOT_A_PHONE_WORDS,
  PHONE_TYPE_WORDS,
  PHONE_WORDS,
} from "./header-synonyms.ts";
import type { ImportField } from "./import-fields.ts";

/** A column's name as normaliseHeader leaves it, the same spelled out, and its place. */
export interface Column {
  folded: string;
  name: string;
  index: number;
}

export const isNamedPhone = ({ name }: Column) => PHONE_WORDS.test(name) && !NOT_A_PHONE_WORDS.test(name);

const ROLES: readonly [ImportField, RegExp][] = [
  ["primary_phone", /\b(?:primary|main|best|principal)\b/],
  ["secondary_phone", /\b(?:secondary|second|secundario)\b/],
  ["alternate_phone", /\b(?:alternate|alternative|alt|alterno)\b/],
];

/** Roles in the order of the columns, but for columns that name their role, and landlines last. */
export function assignPhones(all: Column[], phones: Column[], found: Map<number, ImportField>): void {
  for (const [field, word] of ROLES) {
    const named = phones.find((column) => word.test(column.name) && !found.has(column.index));
    if (named) found.set(named.index, field);
  }
  const rest = phones.filter((column) => !found.has(column.index));
  const ordered = [
    ...rest.filter(({ name }) => !LANDLINE_WORDS.test(name)),
    ...rest.filter(({ name }) => LANDLINE_WORDS.test(name)),
  ];
  const taken = new Set(found.values());
  const free = ROLES.map(([field]) => field).filter((field) => !taken.has(field));
  ordered.forEach((column, i) => {
    found.set(column.index, free[i] ?? "other_phone");
  });
  assignPhoneTypes(all, phones, found);
  assignDnc(all, phones, found);
}

function assignPhoneTypes(all: Column[], phones: Column[], found: Map<number, ImportField>): void {
  const findPhoneOf = createPhoneFinder(phones);
  const taken = new Set(found.values());
  for (const column of all) {
    if (found.has(column.index) || !PHONE_TYPE_WORDS.test(column.name) || !PHONE_WORDS.test(column.name))
      continue;
    const phone = findPhoneOf(column);
    const field = phone && found.get(phone.index);
    const typeField = `${field}_type` as ImportField;
    if (!field || field === "other_phone" || taken.has(typeField)) continue;
    found.set(column.index, typeField);
    taken.add(typeField);
  }
}

/** A column that names no phone speaks of all of them, unless there is one such column after each phone. */
function assignDnc(all: Column[], phones: Column[], found: Map<number, ImportField>): void {
  const flags = all.filter(
    ({ name, index }) => !found.has(index) && DNC_WORDS.test(name) && !NOT_A_DNC_WORDS.test(name),
  );
  const findPhoneOf = createPhoneFinder(phones);
  /** Names of which there are others with a number behind. */
  const repeated = new Set(
    flags.flatMap(({ name }) => (/ \d+$/.test(name) ? [name.slice(0, name.lastIndexOf(" "))] : [])),
  );
  for (const column of flags) {
    const isOfOne = PHONE_WORDS.test(column.name) || /\d/.test(column.name) || repeated.has(column.name);
    const phone = isOfOne ? findPhoneOf(column) : undefined;
    const field = phone && found.get(phone.index);
    found.set(column.index, field ? (`${field}_dnc` as ImportField) : "phone_dnc");
  }
}

const numberIn = (name: string) => /\d+/.exec(name)?.[0] ?? "";
/** What is left of "Phone 1 Line Type" or "Phone 1 DNC" is the phone's own name. */
const ABOUT =
  /\b(?:line type|linetype|type|tipo de|tipo|label|value|number|dnc|do not (?:call|text|contact)|litigators?|tcpa|no llamar|status|flag|list|is|on|federal|state)\b/g;
const ownName = (name: string) => name.replace(ABOUT, " ").replace(/\s+/g, " ").trim();

type Named = Pick<Column, "name" | "index">;

/**
 * Finds the phone that a column speaks of: the one of the same name; or with the same number, the last before it; or the phone before it.
 * @param phones in the order of the columns. They are put in order once, as every column may ask.
 */
export function createPhoneFinder(phones: readonly Named[]): (column: Named) => Named | undefined {
  const byName = new Map<string, Named>();
  const byNumber = new Map<string, Named[]>();
  for (const phone of phones) {
    const own = ownName(phone.name);
    if (!byName.has(own)) byName.set(own, phone);
    const number = numberIn(phone.name);
    const same = byNumber.get(number);
    if (same) same.push(phone);
    else byNumber.set(number, [phone]);
  }
  return ({ name, index }) => {
    const number = numberIn(name);
    const numbered = number === "" ? [] : (byNumber.get(number) ?? []);
    return (
      byName.get(ownName(name)) ?? lastBefore(numbered, index) ?? numbered[0] ?? lastBefore(phones, index)
    );
  };
}

function lastBefore(phones: readonly Named[], index: number): Named | undefined {
  let [low, high] = [0, phones.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((phones[middle] as Named).index < index) low = middle + 1;
    else high = middle;
  }
  return phones[low - 1];
}
