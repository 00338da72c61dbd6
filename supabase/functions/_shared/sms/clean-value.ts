// Makes a lead's value fit for a text message: one line, no control characters, no emoji, no braces, not too long.
import { gsmCost } from "./gsm-alphabet.ts";
import { toGsmSafe } from "./gsm-safe.ts";

/** Typographic characters that would needlessly turn a whole message into UCS-2 (O’Brien, Smith–Jones). */
const TYPOGRAPHIC: [RegExp, string][] = [
  [/[‘’‚´`]/g, "'"],
  [/[“”„«»]/g, '"'],
  [/[–—―‐‑−]/g, "-"],
  [/…/g, "..."],
  [/\{/g, "("],
  [/\}/g, ")"],
];

/** Invisible and unassigned marks, variation selectors, keycaps, arrows and pictures, everything beyond the basic plane. */
const DROPPED = /\p{Cf}|\p{Cs}|\p{Co}|\p{VS}|\u20e3|[\u2190-\u2bff]|[\u{10000}-\u{10ffff}]/gu;

/** Plain names, the great majority, need none of the work below. */
const PLAIN = /^[A-Za-z0-9.,'&#/@_+-]+(?: [A-Za-z0-9.,'&#/@_+-]+)*$/;

const cost = (char: string) => (gsmCost(char.charCodeAt(0)) === 2 ? 2 : 1);

/** How many characters of a text fit into `maxLength`. */
export function lengthWithin(text: string, maxLength: number): number {
  let used = 0;
  let end = 0;
  while (end < text.length && used + cost(text[end] as string) <= maxLength)
    used += cost(text[end++] as string);
  return end;
}

/** Cuts a text to `maxLength`, at the end of a word if at least the first word fits. */
function cut(text: string, maxLength: number): string {
  const end = lengthWithin(text, maxLength);
  if (end === text.length) return text;
  const head = text.slice(0, end);
  const lastSpace = text[end] === " " ? end : head.lastIndexOf(" ");
  return (lastSpace > 0 ? head.slice(0, lastSpace) : head).trim();
}

/**
 * The value as it will be in a message, or "" if nothing usable is left. Astral characters (emoji among them) and other
 * pictures are dropped, so that every character left is one UTF-16 unit. With `gsmOnly` the result is pure GSM-7; a value
 * that has no such spelling (another script) counts as missing.
 */
export function cleanValue(
  value: string | number | null | undefined,
  maxLength: number,
  gsmOnly: boolean,
): string {
  if (value === null || value === undefined) return "";
  let text = String(value);
  if (!PLAIN.test(text)) {
    text = text
      .normalize("NFC")
      .replace(DROPPED, "")
      .replace(/[\p{Cc}\p{Z}]+/gu, " ")
      .trim();
    for (const [pattern, plain] of TYPOGRAPHIC) text = text.replace(pattern, plain);
    if (gsmOnly) {
      text = toGsmSafe(text);
      for (let i = 0; i < text.length; i++) if (gsmCost(text.charCodeAt(i)) === 0) return "";
    }
  }
  return text.length * 2 <= maxLength ? text : cut(text, maxLength);
}
