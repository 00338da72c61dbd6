// Reads a phone as people write it.

import { parsePhone } from "../sms/parse-phone.ts";
import { validationError } from "./app-error.ts";

/** @throws AppError invalid_input naming the field, with the reason why it can't be texted */
export function readPhone(field: string, given: string): string {
  const parsed = parsePhone(given);
  if (!parsed.ok) throw validationError([{ field, message: parsed.message }]);
  return parsed.e164;
}
