// Splits a spreadsheet cell that holds several phone numbers into one text per number.

/** Strong separators people type between numbers; a slash or comma inside one number never leaves 10 digits on both sides. */
const SEPARATORS = /[;,|\n\r\t/&]+|\s(?:and|or|y|o|e)\s/i;
/** One North American number with the label before it, for cells where only spaces or labels part the numbers. */
const ONE_NUMBER =
  /(?:\+?1[ .-]*)?(?:\(\d{3}\)|\d{3})[ .-]*\d{3}[ .-]*\d{4}(?:\s*(?:x|ext\.?|extension|#)\s*\d{1,6})?/gi;

const countDigits = (text: string) => text.replace(/\D/g, "").length;

/**
 * The numbers of a cell in order, trimmed, empty pieces left out. A cell with one number (11 digits or fewer, or one that
 * cannot be parted safely) comes back whole, so that parsing it gives the reason to the person who typed it.
 */
export function splitPhones(cell: string): string[] {
  const text = cell.trim();
  if (text === "") return [];
  if (countDigits(text) <= 11) return [text];

  const pieces = text
    .split(SEPARATORS)
    .map((piece) => piece.trim())
    .filter((piece) => /\d/.test(piece));
  if (pieces.length > 1 && pieces.every((piece) => countDigits(piece) >= 10)) {
    return pieces.flatMap((piece) => splitPhones(piece));
  }
  const numbers = text.match(ONE_NUMBER) ?? [];
  const covered = numbers.reduce((sum, number) => sum + countDigits(number), 0);
  return numbers.length > 1 && covered === countDigits(text)
    ? numbers.map((number) => number.trim())
    : [text];
}
