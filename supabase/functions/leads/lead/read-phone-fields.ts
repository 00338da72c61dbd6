// Turns the phones of a request into E.164, or says which field is wrong and why.
import { type FieldError, validationError } from "../../_shared/http/app-error.ts";
import { PHONE_ROLES } from "../../_shared/leads/lead-values.ts";
import { parsePhone } from "../../_shared/sms/parse-phone.ts";

type PhoneField = `${(typeof PHONE_ROLES)[number]}_phone`;

/**
 * The input with its phones in E.164; an empty one is null, which removes it.
 * @throws AppError invalid_input with every wrong phone, or if two are the same number
 */
export function readPhoneFields<T extends Partial<Record<PhoneField, string | null>>>(input: T): T {
  const read = { ...input };
  const errors: FieldError[] = [];
  const seen = new Map<string, string>();
  for (const field of PHONE_ROLES.map((role): PhoneField => `${role}_phone`)) {
    const given = input[field];
    if (given === undefined) continue;
    if (given === null || given.trim() === "") {
      read[field] = null as T[PhoneField];
      if (field === "primary_phone")
        errors.push({ field, message: "primary_phone is required: a lead needs a phone." });
      continue;
    }
    const parsed = parsePhone(given);
    if (!parsed.ok) errors.push({ field, message: parsed.message });
    else {
      const other = seen.get(parsed.e164);
      if (other)
        errors.push({ field, message: `This is the same number as ${other}: leave one of them out.` });
      seen.set(parsed.e164, field);
      read[field] = parsed.e164 as T[PhoneField];
    }
  }
  if (errors.length > 0) throw validationError(errors);
  return read;
}
