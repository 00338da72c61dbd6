// Segments as carriers count them: GSM-7 160/153 septets, else UCS-2 70/67 UTF-16 units.

const BASIC =
  "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";
const EXTENDED = "\f^{}\\[~]|€";

const SEPTETS = new Uint8Array(0x2200);
for (const character of BASIC) SEPTETS[character.charCodeAt(0)] = 1;
for (const character of EXTENDED) SEPTETS[character.charCodeAt(0)] = 2;

/**
 * Counts the segments of a text; at least 1. Source: 3GPP TS 23.038 (alphabet) and 23.040 (concatenation).
 * A two-septet character or a surrogate pair is never split over two segments.
 */
export function countSegments(text: string): number {
  let units = 0;
  let isGsm = true;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    const size = code < SEPTETS.length ? (SEPTETS[code] as number) : 0;
    if (size === 0) {
      isGsm = false;
      break;
    }
    units += size;
  }
  if (isGsm) return units <= 160 ? 1 : countParts(text, 153, (code) => SEPTETS[code] as number);
  if (text.length <= 70) return 1;
  return countParts(text, 67, () => 1);
}

function countParts(text: string, room: number, sizeOf: (code: number) => number): number {
  let parts = 1;
  let used = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    const isPair = code >= 0xd800 && code <= 0xdbff && i + 1 < text.length;
    const size = isPair ? 2 : sizeOf(code);
    if (isPair) i++;
    if (used + size > room) {
      parts++;
      used = 0;
    }
    used += size;
  }
  return parts;
}
