// Takes off a cell what programs put around its value.
import { decodeEntities } from "./decode-entities.ts";
import { unescapeFormula } from "./escape-formula.ts";

/** ="0012", the way to keep a spreadsheet from reading a number; also without the equals sign in front of a second guard. */
const TEXT_FORMULA = /^="((?:[^"]|"")*)"$/;
/** An apostrophe says that a number is text: '02134. */
const MARKED_NUMBER = /^['’‘](?=[\d(+.#-][\d\s().,+#/xA-Za-z-]*$)/;
/** Nearly every cell: nothing of all this is in it. */
const PLAIN = /^[\w .,:;/$()#@+*!?"-]*$/;
const NOT_ASCII = /[^\0-\x7f]/;

/**
 * The value of a cell: trimmed, without the guards against formulas, HTML entities decoded, accents composed (NFC). In a field
 * for numbers, an apostrophe before the number is left out.
 * @param isNumber whether the field holds numbers: phones, ZIP codes, parcel numbers, amounts
 */
export function cleanCell(cell: string, isNumber: boolean): string {
  const bare = cell.trim();
  if (PLAIN.test(bare)) return bare;
  let text = unescapeFormula(bare).trim();
  if (text.startsWith("="))
    text = text.replace(TEXT_FORMULA, (_all, inner: string) => inner.replaceAll('""', '"')).trim();
  if (isNumber) text = text.replace(MARKED_NUMBER, "");
  text = decodeEntities(text);
  return NOT_ASCII.test(text) ? text.normalize("NFC").trim() : text;
}

/** The fields in which an apostrophe before a digit is the mark of a spreadsheet. */
const NUMBER_FIELDS = /phone|^(?:apn|postal_code|acreage|estimated_value|address1|address2|situs)$/;
export const isNumberField = (field: string) => NUMBER_FIELDS.test(field);
