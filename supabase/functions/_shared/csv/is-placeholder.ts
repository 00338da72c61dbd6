// Recognises what people and programs write into a cell without a value: N/A, NULL, a dash, 0000000000.

/** No value in any column. */
const NOTHING =
  /^(?:[-–—.?*]+|#?n\/a!?|n\.a\.?|null|\(null\)|nil|\\n|#(?:value|ref|num|null|calc|spill|div\/0)!|#name\?|undefined|nan)$/i;
/** No value in a column for a name, an address or a number; in a column of the list's own they may be an answer. */
const UNKNOWN =
  /^(?:na|none|unknown|unk|not (?:available|provided|found|given)|no (?:data|phone|name|email|address)|blank|empty|ninguno|ninguna|desconocid[oa]|sin (?:datos|telefono|teléfono|nombre)|no disponible)$/i;
/** Null, Na and None are names of people, if written like this. */
const SURNAME = /^(?:Null|Na|None)$/;
const ONE_DIGIT = /^1?(\d)\1{9}$/;

const NAME_FIELDS = ["first_name", "last_name", "full_name"];

const BEGINNINGS = "-–—.?*#(\\nNuUbBeEdDsS";

/** @param cell trimmed and not empty @param field the field that the column goes to */
export function isPlaceholder(cell: string, field: string): boolean {
  // No such word is longer or begins with another character, so most cells need no more checks.
  if (cell.length > 16 || !BEGINNINGS.includes(cell.charAt(0))) return false;
  if (NAME_FIELDS.includes(field) && SURNAME.test(cell)) return false;
  // An error in the place of a parcel number is told, as it shows that the file is damaged.
  if (field === "apn" && /^#.*[!?]$/.test(cell) && !/^#n\/a!?$/i.test(cell)) return false;
  if (NOTHING.test(cell)) return true;
  return field !== "custom_field" && field !== "consent_status" && UNKNOWN.test(cell);
}

/** A phone that is one digit ten times, or only zeros. */
export function isPlaceholderPhone(text: string): boolean {
  const digits = text.replace(/\D/g, "");
  return ONE_DIGIT.test(digits) || (digits !== "" && !/[1-9]/.test(digits));
}
