// Reads a phone as people type it: in any US format, or E.164 of any country, since people abroad may have written to us.
import { E164 } from "../../_shared/sms/e164.ts";
import { parsePhone } from "../../_shared/sms/parse-phone.ts";

/** @returns E.164, or undefined if the text is not a phone */
export function readPhone(text: string): string | undefined {
  const parsed = parsePhone(text);
  if (parsed.ok) return parsed.e164;
  const plain = text.replace(/[\s().-]/g, "");
  return E164.test(plain) ? plain : undefined;
}
