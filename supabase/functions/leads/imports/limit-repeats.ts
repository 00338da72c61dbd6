// How many columns may go to a field that several may go to: each phone of a row is held against each of its flags.
import type { ImportField } from "../../_shared/csv/import-fields.ts";
import type { FieldError } from "../../_shared/http/app-error.ts";

const MAX_OTHER_PHONES = 30;
const MAX_FLAGS = 10;

function most(field: string): number {
  if (field === "other_phone") return MAX_OTHER_PHONES;
  return field.endsWith("phone_dnc") ? MAX_FLAGS : Number.POSITIVE_INFINITY;
}

/** The mapping with the columns that are too many kept as custom fields: for a mapping that nobody sent. */
export function limitRepeats<T extends Record<string, string>>(mapping: T): T {
  const used = new Map<string, number>();
  const entries = Object.entries(mapping).map(([column, field]) => {
    const count = (used.get(field) ?? 0) + 1;
    used.set(field, count);
    return [column, count > most(field) ? ("custom_field" satisfies ImportField) : field];
  });
  return Object.fromEntries(entries) as T;
}

/** What is wrong with a mapping that somebody sent: private.check_mapping refuses the same. */
export function checkRepeats(mapping: Record<string, string>): FieldError[] {
  const limited = limitRepeats(mapping);
  return Object.entries(mapping)
    .filter(([column, field]) => limited[column] !== field)
    .map(([column, field]) => ({
      field: `mapping.${column}`,
      message: `${most(field)} columns at most can go to ${field}: map this one to custom_field.`,
    }));
}
