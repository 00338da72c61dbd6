// Guards a cell from being read as a formula, and removes the guard again.

/** The signs that begin a formula; spreadsheets also accept the full-width signs of East Asia. */
const SIGN = "[=+\\-@＝＋－＠]";
/**
 * What a spreadsheet skips before the sign: spaces, control and invisible characters, quotation marks. None of the characters in
 * BEGINNING may be here, or the pattern would be slow.
 */
const PASSED_OVER =
  "[\\0-\\x08\\v\\f\\x0e- \\x7f-\\xa0\\xad\\u1680\\u180e\\u2000-\\u200f\\u2028-\\u202f\\u205f-\\u206f\\u3000\\ufeff\"'’‘“”]*";
/**
 * Where a cell begins: at its first character, or after a character at which another program would split cells. Excel splits them
 * at semicolons in half of the world, and then a quotation mark within a field does not end it.
 */
const BEGINNING = "(?:^|(?<=[,;|\\t\\r\\n]))";
const FORMULA = new RegExp(`${BEGINNING}(?=${PASSED_OVER}${SIGN})`, "g");
/** The guard is an apostrophe. If the text has one there already, it gets another one, so that none is lost. */
const GUARDED = new RegExp(`${BEGINNING}'(?=${PASSED_OVER}${SIGN})`, "g");
/** The guard of a cell that begins with a tab or a line end, also if the text itself has apostrophes there. */
const GUARDED_BREAK = /^'(?='*[\t\r\n])/;

/** A number is no formula: -5 and +15125550123 stay numbers. */
const NUMBER = /^[+-]?\d+(?:\.\d+)?$/;
const ANY_SIGN = /[=+\-@＝＋－＠]/;

/** The text with an apostrophe before each formula that a spreadsheet could find in it. A plain number stays unchanged. */
export function escapeFormula(text: string): string {
  const guarded = ANY_SIGN.test(text) && !NUMBER.test(text) ? text.replace(FORMULA, "'") : text;
  return /^'*[\t\r\n]/.test(text) ? `'${guarded}` : guarded;
}

/** @returns the text that escapeFormula was given; for other files, the text without the guards of their spreadsheets */
export function unescapeFormula(cell: string): string {
  if (!cell.includes("'")) return cell;
  return cell.replace(GUARDED_BREAK, "").replace(GUARDED, "");
}
