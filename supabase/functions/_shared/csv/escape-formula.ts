// Keeps a cell from being read as a formula, and takes the guard off again.

/** What begins a formula; spreadsheets read the full-width signs of East Asia too. */
const SIGN = "[=+\\-@＝＋－＠]";
/** What a spreadsheet passes over before it: spaces, control and invisible signs, quotation marks. Nothing of BEGINNING, or this would be slow. */
const PASSED_OVER =
  "[\\0-\\x08\\v\\f\\x0e- \\x7f-\\xa0\\xad\\u1680\\u180e\\u2000-\\u200f\\u2028-\\u202f\\u205f-\\u206f\\u3000\\ufeff\"'’‘“”]*";
/**
 * Where a cell begins: at its first sign; or behind what parts cells in another program's eyes. Excel parts them at semicolons in half of
 * the world, and then a quotation mark within a field is no end of it.
 */
const BEGINNING = "(?:^|(?<=[,;|\\t\\r\\n]))";
const FORMULA = new RegExp(`${BEGINNING}(?=${PASSED_OVER}${SIGN})`, "g");
/** The guard is an apostrophe. One that stands where it would be gets another one, so that none is lost. */
const GUARDED = new RegExp(`${BEGINNING}'(?=${PASSED_OVER}${SIGN})`, "g");
/** The guard of a cell that begins with a tab or a line end, itself told from an apostrophe that stood there. */
const GUARDED_BREAK = /^'(?='*[\t\r\n])/;

/** Of a number nothing can be run: -5 and +15125550123 stay numbers. */
const NUMBER = /^[+-]?\d+(?:\.\d+)?$/;
const ANY_SIGN = /[=+\-@＝＋－＠]/;

/** The text with an apostrophe before each formula that a spreadsheet could find in it. A plain number stays as it is. */
export function escapeFormula(text: string): string {
  const guarded = ANY_SIGN.test(text) && !NUMBER.test(text) ? text.replace(FORMULA, "'") : text;
  return /^'*[\t\r\n]/.test(text) ? `'${guarded}` : guarded;
}

/** @returns the text that escapeFormula was given; of a file of others, without the guards that their spreadsheets put there */
export function unescapeFormula(cell: string): string {
  if (!cell.includes("'")) return cell;
  return cell.replace(GUARDED_BREAK, "").replace(GUARDED, "");
}
