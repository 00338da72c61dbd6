// Decides which columns are read for each phone of a row.
import { createPhoneFinder } from "./find-phone.ts";
import { flagKindOf } from "./flag-columns.ts";
import { type ImportField, PHONE_FIELDS, PHONE_FLAG_FIELDS } from "./import-fields.ts";
import { normaliseHeader, spellOut } from "./normalise-header.ts";
import type { FlagKind } from "./read-flag.ts";

/** A column that says something about a phone. */
export interface FlagPlan {
  index: number;
  kind: FlagKind;
  /** Whether its cells are kept as a custom field, because no other field holds them. */
  isKept: boolean;
}

export interface PhonePlan {
  index: number;
  typeIndex: number;
  flags: FlagPlan[];
}

export function planPhones(
  columns: string[],
  fields: ImportField[],
): { phones: PhonePlan[]; leadFlags: FlagPlan[] } {
  const phones = PHONE_FIELDS.flatMap((field) =>
    fields.flatMap((one, index): PhonePlan[] =>
      one === field ? [{ index, typeIndex: fields.indexOf(`${field}_type` as ImportField), flags: [] }] : [],
    ),
  );
  const nameOf = (index: number) => spellOut(normaliseHeader(columns[index] as string));
  const planFlag = (index: number, isKept: boolean): FlagPlan => ({
    index,
    kind: flagKindOf(fields[index] as string, nameOf(index)),
    isKept,
  });
  addFlags(nameOf, fields, phones, planFlag);
  const leadFlags = fields.flatMap((field, index) =>
    field === "status" || field === "tags" || field === "notes" ? [planFlag(index, false)] : [],
  );
  return { phones, leadFlags };
}

/** Among several phones of one field, the column's name decides. */
function addFlags(
  nameOf: (index: number) => string,
  fields: ImportField[],
  phones: PhonePlan[],
  planFlag: (index: number, isKept: boolean) => FlagPlan,
): void {
  const named = (index: number) => ({ name: nameOf(index), index });
  for (const flag of PHONE_FLAG_FIELDS) {
    if (!fields.includes(flag)) continue;
    const isOfRow = flag.startsWith("phone_");
    const own = phones.filter(({ index }) => isOfRow || flag.startsWith(`${fields[index]}_`));
    const isTold = isOfRow || own.length <= 1;
    const findPhoneOf = createPhoneFinder(isTold ? [] : own.map(({ index }) => named(index)));
    for (const [index, field] of fields.entries()) {
      if (field !== flag) continue;
      const one = isTold ? undefined : findPhoneOf(named(index));
      const plan = planFlag(index, true);
      for (const phone of own) if (!one || phone.index === one.index) phone.flags.push(plan);
    }
  }
}
