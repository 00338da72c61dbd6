// Reads amounts: acres and dollars.

/** Words and signs around an amount. "m/l" and "+/-" mean more or less. */
const AROUND =
  /usd|us\$|acres?|acs?\b\.?|ac\.|\$|±|\+\s?\/\s?-|(?:\bm\s?[/.]\s?(?:o\s?[/.]\s?)?l\b\.?)|more or less|approx(?:imately)?\.?|about|\bmol\b|\baprox(?:imadamente)?\.?|m[aá]s o menos|[~\s]/gi;
const MAX_AMOUNT_CHARS = 100;

/** "$120,000.50", ".25", "12.5 acres m/l", "1.234,5", "1.00E+01" → a number of at least 0; null if the text is none. */
export function parseAmount(text: string): number | null {
  if (text.length > MAX_AMOUNT_CHARS) return null;
  const bare = text.replace(AROUND, "");
  if (/^\d(?:[.,]\d+)?e\+?\d{1,3}$/i.test(bare)) return finite(Number(bare.replace(",", ".")));
  if (!/^[.,]?\d[\d.,]*$/.test(bare)) return null;
  return finite(Number(toPlain(bare)));
}

const finite = (value: number) => (Number.isFinite(value) ? value : null);

/** The text with a point before its decimals, and without what separates thousands. */
function toPlain(bare: string): string {
  // Nothing stands before the separator but a zero, so it separates no thousands: 0,125 and ,5.
  if (/^0?[.,]\d+$/.test(bare)) return `0.${bare.slice(bare.search(/[.,]/) + 1)}`;
  const decimal = /[.,](\d{1,2}|\d{4,})$/.exec(bare);
  if (decimal && bare[decimal.index] === "," && !/,.*,/.test(bare))
    return bare.replaceAll(".", "").replace(",", ".");
  // 1.234.567
  if (/^\d{1,3}(?:\.\d{3}){2,}$/.test(bare)) return bare.replaceAll(".", "");
  return bare.replaceAll(",", "");
}
