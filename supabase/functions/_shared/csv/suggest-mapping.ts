// Suggests which column goes to which field, by the names of the columns and, for phones, by what is in them.
import { parsePhone } from "../sms/parse-phone.ts";
import { splitPhones } from "../sms/split-phones.ts";
import { foldHeader } from "./fold-header.ts";
import {
  ADDRESS_HABITS,
  LANDLINE_WORDS,
  MAILING_PREFIX,
  NOT_A_PHONE_WORDS,
  OWN_COLUMNS,
  OWNER_HABITS,
  OWNER_PREFIX,
  PARCEL_HABITS,
  PARCEL_PREFIX,
  PHONE_TYPE_WORDS,
  PHONE_WORDS,
} from "./header-habits.ts";
import type { ImportField, Mapping } from "./import-fields.ts";

type Habits = readonly [ImportField, readonly string[]][];

/** A column's name as it stands and folded, and its place. */
interface Column {
  name: string;
  folded: string;
  index: number;
}

/**
 * @param columns the names of the columns
 * @param sample cells of the first rows: a column with an unknown name that holds phones is still found
 * @returns a field for every column; custom_field for the unknown ones
 */
export function suggestMapping(columns: string[], sample: string[][] = []): Mapping {
  const all = columns.map((name, index) => ({ name, folded: foldHeader(name), index }));
  const found = new Map<number, ImportField>();
  for (const column of all) if (OWN_COLUMNS.includes(column.folded)) found.set(column.index, "ignore");

  assignPhones(all, all.filter(isNamedPhone), found);
  const hasMailing = all.some((column) => MAILING_PREFIX.test(column.folded));
  const mailing = (folded: string) =>
    MAILING_PREFIX.test(folded) ? folded.replace(MAILING_PREFIX, "") : null;
  const owner = (folded: string) => folded.replace(OWNER_PREFIX, "");
  assign(all, found, ADDRESS_HABITS, mailing);
  assign(all, found, OWNER_HABITS, (folded) => folded);
  assign(all, found, OWNER_HABITS, owner);
  assign(all, found, PARCEL_HABITS, (folded) => folded);
  assign(all, found, PARCEL_HABITS, (folded) =>
    PARCEL_PREFIX.test(folded) ? folded.replace(PARCEL_PREFIX, "") : null,
  );
  if (!hasMailing)
    assign(all, found, ADDRESS_HABITS, (folded) => (PARCEL_PREFIX.test(folded) ? null : owner(folded)));
  // Beside a mailing address the plain one is where the land is.
  else
    assign(
      all,
      found,
      [
        ["situs", ["address", "street address", "address 1"]],
        ["property_state", ["state"]],
      ],
      (folded) => folded,
    );
  assignSpanishName(all, found);
  if (!all.some(isNamedPhone)) {
    assignPhones(
      all,
      all.filter((column) => !found.has(column.index) && holdsPhones(column, sample)),
      found,
    );
  }
  return Object.fromEntries(all.map((column) => [column.name, found.get(column.index) ?? "custom_field"]));
}

/** Gives each field that is still free the first column whose name, as `read`, is one of its habits, surest habit first. */
function assign(
  all: Column[],
  found: Map<number, ImportField>,
  habits: Habits,
  read: (folded: string) => string | null,
): void {
  const taken = new Set(found.values());
  const names = all.map((column) => (found.has(column.index) ? null : read(column.folded)));
  for (const [field, words] of habits) {
    if (taken.has(field)) continue;
    for (const word of words) {
      const index = names.indexOf(word);
      if (index === -1) continue;
      found.set(index, field);
      names[index] = null;
      break;
    }
  }
}

/** "Nombre" is a first name beside "Apellido" and the whole name without it. */
function assignSpanishName(all: Column[], found: Map<number, ImportField>): void {
  const column = all.find(
    ({ folded, index }) => /^nombres?$/.test(folded.replace(OWNER_PREFIX, "")) && !found.has(index),
  );
  if (!column) return;
  const fields = [...found.values()];
  const field = fields.includes("last_name") ? "first_name" : "full_name";
  if (!fields.includes(field)) found.set(column.index, field);
}

const isNamedPhone = ({ folded }: Column) => PHONE_WORDS.test(folded) && !NOT_A_PHONE_WORDS.test(folded);

/** Roles in the order of the columns, but for columns that name their role, and landlines last. */
function assignPhones(all: Column[], phones: Column[], found: Map<number, ImportField>): void {
  const roles: readonly [ImportField, RegExp][] = [
    ["primary_phone", /\b(?:primary|main|best|principal)\b/],
    ["secondary_phone", /\b(?:secondary|second|secundario)\b/],
    ["alternate_phone", /\b(?:alternate|alternative|alt|alterno)\b/],
  ];
  for (const [field, word] of roles) {
    const named = phones.find((column) => word.test(column.folded) && !found.has(column.index));
    if (named) found.set(named.index, field);
  }
  const rest = phones.filter((column) => !found.has(column.index));
  const ordered = [
    ...rest.filter((c) => !LANDLINE_WORDS.test(c.folded)),
    ...rest.filter((c) => LANDLINE_WORDS.test(c.folded)),
  ];
  const free = roles.map(([field]) => field).filter((field) => ![...found.values()].includes(field));
  ordered.forEach((column, i) => {
    found.set(column.index, free[i] ?? "other_phone");
  });
  assignPhoneTypes(all, phones, found);
}

/** "Phone 1 Type", "Phone Type 1": the type of the phone with the same number, or of the phone column before it. */
function assignPhoneTypes(all: Column[], phones: Column[], found: Map<number, ImportField>): void {
  const numberIn = (text: string) => /\d+/.exec(text)?.[0] ?? "";
  for (const column of all.filter(
    ({ folded }) => PHONE_TYPE_WORDS.test(folded) && PHONE_WORDS.test(folded),
  )) {
    const phone =
      phones.find(
        (one) => numberIn(one.folded) === numberIn(column.folded) && numberIn(column.folded) !== "",
      ) ?? phones.findLast((one) => one.index < column.index);
    const field = phone && found.get(phone.index);
    const typeField = `${field}_type` as ImportField;
    if (field && field !== "other_phone" && ![...found.values()].includes(typeField))
      found.set(column.index, typeField);
  }
}

function holdsPhones({ index }: Column, sample: string[][]): boolean {
  const filled = sample.map((cells) => cells[index]?.trim() ?? "").filter((cell) => cell !== "");
  const phones = filled.filter((cell) => splitPhones(cell).some((text) => parsePhone(text).ok));
  return filled.length > 0 && phones.length >= filled.length * 0.8;
}
