// Writes a phone number that a spreadsheet or a program formatted as a number as its digits again.
import { readScientific } from "../csv/spreadsheet-damage.ts";

const GROUPED = /^\d{1,3}(?:[,.]\d{3}){3}$/;
const WITH_ZEROS = /^(\+?\d{10,11})\.0+$/;

/** "5.125550123E9", "5,125,550,123" and "5125550123.0" → their digits; undefined for other texts, and if digits are lost. */
export function unbreakPhone(text: string): string | undefined {
  if (text.length > 30) return undefined;
  const digits = readScientific(text);
  if (digits !== undefined) return digits.length === 10 || digits.length === 11 ? digits : undefined;
  if (GROUPED.test(text)) return text.replace(/[,.]/g, "");
  return WITH_ZEROS.exec(text)?.[1];
}
