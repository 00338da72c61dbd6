// A phone as somebody types it: US formats, or E.164 of any country, since anybody may have written to us.
import { parsePhone } from "../../_shared/sms/parse-phone.ts";

const E164 = /^\+[1-9][0-9]{6,14}$/;

/** @returns E.164, or undefined where the text is no phone */
export function readPhone(text: string): string | undefined {
  const parsed = parsePhone(text);
  if (parsed.ok) return parsed.e164;
  const plain = text.replace(/[\s().-]/g, "");
  return E164.test(plain) ? plain : undefined;
}
