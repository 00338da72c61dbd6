// Finds the columns that hold phones, with their roles, and the columns that say of what type a phone is.
import { assignFlags } from "./assign-flags.ts";
import { type Column, createPhoneFinder } from "./find-phone.ts";
import { flagFieldOf, LINE_TYPE } from "./flag-columns.ts";
import { LANDLINE_WORDS, NOT_A_PHONE_WORDS, PHONE_TYPE_WORDS, PHONE_WORDS } from "./header-synonyms.ts";
import type { ImportField } from "./import-fields.ts";

export const isNamedPhone = ({ name }: Column) =>
  PHONE_WORDS.test(name) && !NOT_A_PHONE_WORDS.test(name) && flagFieldOf(name) === null;

const ROLES: readonly [ImportField, RegExp][] = [
  ["primary_phone", /\b(?:primary|main|best|principal)\b/],
  ["secondary_phone", /\b(?:secondary|second|secundario)\b/],
  ["alternate_phone", /\b(?:alternate|alternative|alt|alterno)\b/],
];

/** Gives roles in the order of the columns, except that columns may name their role, and landlines come last. */
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
  assignFlags(all, phones, found);
}

function assignPhoneTypes(all: Column[], phones: Column[], found: Map<number, ImportField>): void {
  const findPhoneOf = createPhoneFinder(phones);
  const taken = new Set(found.values());
  for (const column of all) {
    if (found.has(column.index) || !isPhoneType(column.name)) continue;
    // A list of one phone a row may have its type anywhere.
    const phone = findPhoneOf(column) ?? (phones.length === 1 ? phones[0] : undefined);
    const field = phone && found.get(phone.index);
    const typeField = `${field}_type` as ImportField;
    if (field === "other_phone" && LINE_TYPE.test(column.name)) found.set(column.index, "other_phone_status");
    if (!field || field === "other_phone" || taken.has(typeField)) continue;
    found.set(column.index, typeField);
    taken.add(typeField);
  }
}

const isPhoneType = (name: string) =>
  LINE_TYPE.test(name) || (PHONE_TYPE_WORDS.test(name) && PHONE_WORDS.test(name));
