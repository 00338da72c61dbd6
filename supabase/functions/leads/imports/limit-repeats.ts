// Limits how many columns may go to the same field, since each phone of a row is compared with each flag of the row.
import type { ImportField } from "../../_shared/csv/import-fields.ts";
import type { FieldError } from "../../_shared/http/app-error.ts";

const MAX_OTHER_PHONES = 30;
const MAX_FLAGS = 10;

function most(field: string): number {
  if (field === "other_phone") return MAX_OTHER_PHONES;
  return /phone_(?:dnc|consent|status)$/.test(field) ? MAX_FLAGS : Number.POSITIVE_INFINITY;
}

/** Makes custom fields of the columns above the limit. For a mapping that the client did not send, such as a suggested one. */
export function limitRepeats<T extends Record<string, string>>(mapping: T): T {
  const used = new Map<string, number>();
  const entries = Object.entries(mapping).map(([column, field]) => {
    const count = (used.get(field) ?? 0) + 1;
    used.set(field, count);
    return [column, count > most(field) ? ("custom_field" satisfies ImportField) : field];
  });
  return Object.fromEntries(entries) as T;
}

/** The errors of a mapping that the client sent; private.check_mapping refuses the same. */
export function checkRepeats(mapping: Record<string, string>): FieldError[] {
  const limited = limitRepeats(mapping);
  return Object.entries(mapping)
    .filter(([column, field]) => limited[column] !== field)
    .map(([column, field]) => ({
      field: `mapping.${column}`,
      message: `${most(field)} columns at most can go to ${field}: map this one to custom_field.`,
    }));
}
