// Offers a spelling of a text that stays in GSM-7: á í ó ú, which are not in it, would halve the size of a segment.
import { countSegments, type SegmentCount } from "./count-segments.ts";
import { gsmCost } from "./gsm-alphabet.ts";

/** Characters whose plain spelling can't be found by removing accents. */
const PLAIN: Record<string, string> = {
  ç: "c",
  º: "o",
  ª: "a",
  "°": "o",
  "“": '"',
  "”": '"',
  "„": '"',
  "«": '"',
  "»": '"',
  "‘": "'",
  "’": "'",
  "‚": "'",
  "´": "'",
  "`": "'",
  "‹": "'",
  "›": "'",
  "–": "-",
  "—": "-",
  "―": "-",
  "‐": "-",
  "‑": "-",
  "−": "-",
  "•": "-",
  "·": "-",
  "…": "...",
  "™": "TM",
  "®": "(R)",
  "©": "(C)",
  "½": "1/2",
  "¼": "1/4",
  "¾": "3/4",
  "²": "2",
  "³": "3",
  "×": "x",
  ł: "l",
  Ł: "L",
  đ: "d",
  Đ: "D",
  œ: "oe",
  Œ: "OE",
};

function plainSpelling(char: string): string | undefined {
  const listed = PLAIN[char];
  if (listed !== undefined) return listed;
  if (/\s/u.test(char)) return " ";
  const bare = char.normalize("NFD").replace(/\p{M}+/gu, "");
  return bare !== "" && [...bare].every((letter) => gsmCost(letter.charCodeAt(0)) > 0 && letter.length === 1)
    ? bare
    : undefined;
}

/**
 * The text with every character that is not GSM-7 spelt plainly: á í ó ú lose the accent, curly quotes and dashes become
 * straight. é ñ ü ¿ ¡ É Ñ stay, as GSM-7 has them. Characters without a plain spelling (emoji, other scripts) stay too.
 */
export function toGsmSafe(text: string): string {
  let safe = "";
  for (const char of text.normalize("NFC").replace(/\r\n?/g, "\n")) {
    const inAlphabet = char.length === 1 && gsmCost(char.charCodeAt(0)) > 0;
    safe += inAlphabet ? char : (plainSpelling(char) ?? char);
  }
  return safe;
}

export interface GsmSafeOffer {
  text: string;
  /** False if the text is in GSM-7 already, or nothing in it can be spelt plainly. */
  changed: boolean;
  /** Characters that still keep the text out of GSM-7; a person has to remove them. */
  remaining: string[];
  before: SegmentCount;
  after: SegmentCount;
}

/** The GSM-safe spelling of a text with its cost before and after. */
export function offerGsmSafe(text: string): GsmSafeOffer {
  const before = text.normalize("NFC").replace(/\r\n?/g, "\n");
  const safe = toGsmSafe(before);
  const remaining = [...new Set(safe)].filter((char) => char.length > 1 || gsmCost(char.charCodeAt(0)) === 0);
  return {
    text: safe,
    changed: safe !== before,
    remaining,
    before: countSegments(before),
    after: countSegments(safe),
  };
}
