// Checks a mapping against the columns of its file.
import type { FieldError } from "../http/app-error.ts";
import {
  IMPORT_FIELDS,
  type ImportField,
  type Mapping,
  PHONE_FIELDS,
  REPEATABLE_FIELDS,
} from "./import-fields.ts";

/** What is wrong, as field errors whose field is mapping.<column>; empty if the mapping can be used. */
export function checkMapping(mapping: Record<string, string>, columns: string[]): FieldError[] {
  const errors: FieldError[] = [];
  const users = new Map<string, string>();
  for (const [column, field] of Object.entries(mapping)) {
    const at = `mapping.${column}`;
    if (!columns.includes(column)) {
      errors.push({
        field: at,
        message: `The file has no column "${column}". Its columns are: ${columns.join(", ")}.`,
      });
    } else if (!(IMPORT_FIELDS as readonly string[]).includes(field)) {
      errors.push({ field: at, message: `"${field}" is no field. Fields are: ${IMPORT_FIELDS.join(", ")}.` });
    } else if (users.has(field) && !REPEATABLE_FIELDS.includes(field as ImportField)) {
      errors.push({
        field: at,
        message: `"${users.get(field)}" goes to ${field} already: only one column can.`,
      });
    } else {
      users.set(field, column);
    }
  }
  if (errors.length === 0 && !PHONE_FIELDS.some((field) => users.has(field))) {
    errors.push({
      field: "mapping",
      message: `No column holds a phone number. Map one of them to primary_phone: ${columns.join(", ")}.`,
    });
  }
  return errors;
}

/** Types a mapping that has been checked. */
export function asMapping(mapping: Record<string, string>): Mapping {
  return mapping as Mapping;
}
