// The encodings of files of leads, and how each one stores characters in bytes.

export const ENCODINGS = ["utf-8", "utf-16le", "utf-16be", "windows-1252", "macintosh"] as const;
export type Encoding = (typeof ENCODINGS)[number];

const LF = 10;
const CR = 13;

/**
 * The text of bytes that begin at a character. A character cut off at the end is left out unless the file ends there, so
 * byteLength of the text never counts bytes that were not decoded yet. A byte order mark is kept: callers begin after it.
 */
export function decode(bytes: Uint8Array, encoding: Encoding, isEnd: boolean): string {
  const text = new TextDecoder(encoding, { ignoreBOM: true }).decode(bytes, { stream: !isEnd });
  // Node 20 reads windows-1252 as Latin-1, which has control characters in this range. After a correct decoder there are none.
  return encoding === "windows-1252"
    ? text.replace(/[\x80-\x9f]/g, (char) => WINDOWS_1252[char.charCodeAt(0) - 0x80] ?? char)
    : text;
}

/** 0x80 to 0x9f; the five bytes without a character stay unchanged. */
const WINDOWS_1252 = "€\x81‚ƒ„…†‡ˆ‰Š‹Œ\x8dŽ\x8f\x90‘’“”•–—˜™š›œ\x9džŸ";

/** Bytes of the smallest character. If these are two, a line break must be looked for in pairs of bytes. */
export const unitBytes = (encoding: Encoding) => (encoding.startsWith("utf-16") ? 2 : 1);

/**
 * How many of the bytes the beginning of their text takes up.
 * @param text the beginning of the decoded bytes; it must end after a line break, or be all of the text
 */
export function byteLength(text: string, bytes: Uint8Array, encoding: Encoding, isWhole: boolean): number {
  if (isWhole) return bytes.length;
  if (encoding === "windows-1252" || encoding === "macintosh") return text.length;
  if (encoding !== "utf-8") return text.length * 2;
  // Line breaks are counted in the text and in the bytes. Encoding the text again would be wrong after a damaged character, which
  // is 1 byte in the file and 3 bytes as U+FFFD.
  let breaks = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === LF || code === CR) breaks++;
  }
  let at = 0;
  for (; breaks > 0; at++) {
    if (bytes[at] === LF || bytes[at] === CR) breaks--;
  }
  return at;
}
