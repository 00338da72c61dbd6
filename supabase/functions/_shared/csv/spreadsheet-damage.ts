// What spreadsheets make of numbers that are no amounts, and whether anything is lost by it.

const SCIENTIFIC = /^(\d)(?:[.,](\d{1,15}))?[eE]([+]?)0?(\d{1,2})$/;

function withoutZeros(digits: string): string {
  let end = digits.length;
  while (digits[end - 1] === "0") end--;
  return digits.slice(0, end);
}

/**
 * "5.125550123E9" and "7.8701E+04" → all their digits; undefined if it is no such number, or digits are lost (1.23457E+15).
 * Programs that write the exponent without a plus sign (5.1255501E9) leave out zeros only.
 */
export function readScientific(text: string): string | undefined {
  const match = SCIENTIFIC.exec(text);
  if (!match) return undefined;
  const [, first, fraction = "", plus, exponent] = match as unknown as [
    string,
    string,
    string,
    string,
    string,
  ];
  const zeros = Number(exponent) - fraction.length;
  const trimmed = zeros < 0 ? withoutZeros(fraction) : fraction;
  if (trimmed.length > Number(exponent)) return undefined;
  if (zeros > 0 && (plus !== "" || fraction.length < 4 || zeros > 3)) return undefined;
  return `${first}${trimmed}`.padEnd(Number(exponent) + 1, "0");
}

const MONTH =
  "(?:jan|feb|mar|apr|may|jun|jul|aug|sep|sept|oct|nov|dec|ene|abr|ago|dic|january|february|march|april|june|july|august" +
  "|september|october|november|december)";
const DAMAGE: readonly [RegExp, string][] = [
  [
    /^\d(?:[.,]\d+)?[eE][+]\d{2,3}$/,
    "A spreadsheet turned the number into scientific notation and lost its last digits.",
  ],
  [
    new RegExp(`^(?:\\d{1,2}[-/]${MONTH}(?:[-/](?:\\d{2}|\\d{4}))?|${MONTH}[-/](?:\\d{2}|\\d{4}))$`, "i"),
    "A spreadsheet turned the number into a date.",
  ],
  [
    /^(?:0?[1-9]|[12]\d|3[01])\/(?:0?[1-9]|[12]\d|3[01])\/(?:1[89]|20)\d\d(?: \d{1,2}:\d\d(?::\d\d)?(?: [ap]m)?)?$/i,
    "A spreadsheet turned the number into a date.",
  ],
  [/^\d{4}-\d\d-\d\d[ T]\d\d:\d\d(?::\d\d)?$/, "A spreadsheet turned the number into a date."],
  [/^#{2,}$/, "The column was too narrow in a spreadsheet, which wrote # instead of the number."],
  [/^#[¿¡]?[A-ZÁÉÍÓÚÜ/0]{3,12}[?!]$/i, "A spreadsheet wrote an error instead of the number."],
];

/** What a spreadsheet did to a number whose digits are lost; undefined if nothing shows. */
export function findDamage(text: string): string | undefined {
  if (text.length > 40) return undefined;
  return DAMAGE.find(([pattern]) => pattern.test(text))?.[1];
}

export const DAMAGE_REMEDY = "Format the column as text and export it again.";
