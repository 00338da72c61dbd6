// Recognises what people and programs write into a cell that holds nothing: N/A, NULL, a dash, 0000000000.

/** Nothing, whatever the column. */
const NOTHING = /^(?:[-–—.?*]+|#?n\/a!?|n\.a\.?|null|\(null\)|nil|#value!|#ref!|undefined|nan)$/i;
/** Nothing where a name, an address or a number should be; in a column of the list's own they may be an answer. */
const UNKNOWN =
  /^(?:na|none|unknown|unk|not (?:available|provided|found|given)|no (?:data|phone|name|email|address)|blank|empty|ninguno|ninguna|desconocid[oa]|sin (?:datos|telefono|teléfono|nombre)|no disponible)$/i;
/** People are called Null, Na and None; they write it so. */
const SURNAME = /^(?:Null|Na|None)$/;
const ONE_DIGIT = /^1?(\d)\1{9}$/;

const NAME_FIELDS = ["first_name", "last_name", "full_name"];

const BEGINNINGS = "-–—.?*#(nNuUbBeEdDsS";

/** @param cell trimmed and not empty; @param field where the column goes to */
export function isPlaceholder(cell: string, field: string): boolean {
  // No such word is longer or begins with another letter: most cells are done with here.
  if (cell.length > 16 || !BEGINNINGS.includes(cell.charAt(0))) return false;
  if (NAME_FIELDS.includes(field) && SURNAME.test(cell)) return false;
  if (NOTHING.test(cell)) return true;
  return field !== "custom_field" && field !== "consent_status" && UNKNOWN.test(cell);
}

/** A phone of one digit ten times over, or of none but zeros. */
export function isPlaceholderPhone(text: string): boolean {
  const digits = text.replace(/\D/g, "");
  return ONE_DIGIT.test(digits) || (digits !== "" && !/[1-9]/.test(digits));
}
