// Tells Mac OS Roman from Windows-1252: old programs on a Mac still save CSV in it. Both give a character to every byte, so only
// the letters around it show which one is meant: "Mu–oz" is no name, and "Muñoz" is.

const setOf = (...bytes: number[]) => new Set(bytes);
/** á é è ç ê â ä ö ü: in Windows-1252 these are signs, or capitals, which do not follow a small letter. */
const SMALL = setOf(0x87, 0x8e, 0x8f, 0x8d, 0x90, 0x89, 0x8a, 0x9f);
/** É Ñ Ö Ü: signs in Windows-1252. */
const CAPITAL = setOf(0x83, 0x84, 0x85, 0x86);
/** Á Í Ó Ú: small letters in Windows-1252, which do not stand between capitals. */
const CAPITAL_HERE_SMALL_THERE = setOf(0xe7, 0xea, 0xee, 0xf2);
/** í ñ ó ú: in Windows-1252 an apostrophe, dashes and œ, which may stand between letters too. */
const I_ACUTE = 0x92;
const N_TILDE = 0x96;
const O_ACUTE = 0x97;
const APOSTROPHE = 0xd5;

const isSmall = (byte: number) => byte >= 0x61 && byte <= 0x7a;
const isCapital = (byte: number) => byte >= 0x41 && byte <= 0x5a;
const VOWELS = new Set([..."aeiouAEIOU"].map((letter) => letter.charCodeAt(0)));
/** What follows an apostrophe: it's, don't, I'm, he'd, they're, we've, she'll. */
const AFTER_APOSTROPHE = new Set([..."stmdrvl"].map((letter) => letter.charCodeAt(0)));

/** @param bytes of a text that is no UTF-8 */
export function looksMacRoman(bytes: Uint8Array): boolean {
  let mac = 0;
  let windows = 0;
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i] as number;
    if (byte < 0x80) continue;
    const before = bytes[i - 1] ?? 0;
    const after = bytes[i + 1] ?? 0;
    if (isMac(byte, before, after)) mac++;
    else if (byte >= 0xc0 && (isSmall(before) || isCapital(before) || isSmall(after))) windows++;
  }
  return mac > windows;
}

function isMac(byte: number, before: number, after: number): boolean {
  if (SMALL.has(byte)) return isSmall(before) && !isCapital(after);
  if (CAPITAL.has(byte)) return isCapital(before) && !isSmall(after);
  if (CAPITAL_HERE_SMALL_THERE.has(byte)) return isCapital(before) && isCapital(after);
  if (byte === I_ACUTE) return isSmall(before) && isSmall(after) && !AFTER_APOSTROPHE.has(after);
  if (byte === N_TILDE) return VOWELS.has(before) && isSmall(after) && VOWELS.has(after);
  if (byte === O_ACUTE) return isSmall(before) && after === 0x6e;
  return (
    byte === APOSTROPHE && ((isSmall(before) && isSmall(after)) || (isCapital(before) && isCapital(after)))
  );
}
