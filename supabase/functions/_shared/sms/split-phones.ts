// Splits a spreadsheet cell that holds several phone numbers into one text per number.

/** Separators that people type between numbers. A slash or comma inside one number never leaves 10 digits on both sides. */
const SEPARATORS = /[;,|\n\r\t/&]+|\s(?:and|or|y|o|e)\s/i;
/** One North American number, for cells in which only spaces or labels separate the numbers. */
const ONE_NUMBER =
  /(?:\+?1[ .-]*)?(?:\(\d{3}\)|\d{3})[ .-]*\d{3}[ .-]*\d{4}(?:\s*(?:x|ext\.?|extension|#)\s*\d{1,6})?/gi;

/** "512-555-0100/0101", "512-555-0100 / 555-0101", "(512) 555-0100 or 0101", "512-555-0100/01": what follows is written short. */
const SHORT_SECOND =
  /^(\+?1?[ .-]*\(?\d{3}\)?[ .-]*)(\d{3}[ .-]*)(\d{4})((?:\s*(?:[/,;&|]|\bor\b|\band\b|\by\b|\bo\b)\s*(?:\d{3}[ .-]?)?\d{4}|\/\d{2})+)$/i;

/** The whole numbers of a cell in which only the first one is whole; undefined for other cells. */
export function completeShort(text: string): string[] | undefined {
  if (text.length > 60) return undefined;
  const match = SHORT_SECOND.exec(text);
  if (!match) return undefined;
  const [, area, exchange, line, others] = match as unknown as [string, string, string, string, string];
  const rest = others.match(/(?:\d{3}[ .-]?)?\d{4}(?!\d)|\d{2}(?!\d)/g) ?? [];
  return [
    `${area}${exchange}${line}`,
    ...rest.map((other) => {
      const digits = countDigits(other);
      if (digits === 2) return `${area}${exchange}${line.slice(0, 2)}${other}`;
      return `${area}${digits === 4 ? exchange : ""}${other}`;
    }),
  ];
}

const countDigits = (text: string) => text.replace(/\D/g, "").length;

/**
 * The numbers of a cell in order, trimmed, without empty pieces. A cell with one number (11 digits or fewer), or one that
 * cannot be split safely, is returned whole, so that parsing it gives the reason to the person who typed it.
 */
export function splitPhones(cell: string): string[] {
  const text = cell.trim();
  if (text === "") return [];
  if (countDigits(text) <= 11) return [text];
  const completed = completeShort(text);
  if (completed) return completed;

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
