// Errors that name fields as the caller wrote them, if what refuses a value knows the field by another name.
import { type AppError, validationError } from "./app-error.ts";

/** What refuses calls it so; the caller called it so. */
export type FieldNames = ReadonlyMap<string, string>;

/** The caller's name of a field, or of a part of one: `lead_ids.0` by the name of `lead_ids`. */
function nameOf(field: string, names: FieldNames): string {
  for (let end = field.length; end > 0; end = field.lastIndexOf(".", end - 1)) {
    const name = names.get(field.slice(0, end));
    if (name !== undefined) return name + field.slice(end);
  }
  return field;
}

/** The error with the caller's names of fields. */
export function renameFields(error: AppError, names: FieldNames): AppError {
  const errors = error.code === "invalid_input" && error.details?.errors;
  if (!Array.isArray(errors)) return error;
  return validationError(
    errors.map(({ field, message }: { field: string; message: string }) => {
      const name = nameOf(field, names);
      return {
        field: name,
        message: message.startsWith(`${field} `) ? name + message.slice(field.length) : message,
      };
    }),
  );
}
