// The encodings that files of leads come in, and how each one's characters lie in its bytes.

export const ENCODINGS = ["utf-8", "utf-16le", "utf-16be", "windows-1252"] as const;
export type Encoding = (typeof ENCODINGS)[number];

const LF = 10;
const CR = 13;

/**
 * Text of bytes that begin at a character. A character cut at the end is left out unless the file ends there, so byteLength
 * of the text never counts bytes that were not understood yet. A byte order mark is kept: callers begin after it.
 */
export function decode(bytes: Uint8Array, encoding: Encoding, isEnd: boolean): string {
  const text = new TextDecoder(encoding, { ignoreBOM: true }).decode(bytes, { stream: !isEnd });
  // Node 20 reads windows-1252 as Latin-1, which has control characters in this range. After a right decoder nothing is left to do.
  return encoding === "windows-1252"
    ? text.replace(/[\x80-\x9f]/g, (char) => WINDOWS_1252[char.charCodeAt(0) - 0x80] ?? char)
    : text;
}

/** 0x80 to 0x9f; the five bytes without a character stay what they are. */
const WINDOWS_1252 = "€\x81‚ƒ„…†‡ˆ‰Š‹Œ\x8dŽ\x8f\x90‘’“”•–—˜™š›œ\x9džŸ";

/** Bytes of the smallest character: where two, a line break must be looked for in pairs. */
export const unitBytes = (encoding: Encoding) => (encoding.startsWith("utf-16") ? 2 : 1);

/**
 * How many of the bytes a beginning of their text takes up.
 * @param text the beginning; it must end after a line break, or be all of the text
 */
export function byteLength(text: string, bytes: Uint8Array, encoding: Encoding, isWhole: boolean): number {
  if (isWhole) return bytes.length;
  if (encoding === "windows-1252") return text.length;
  if (encoding !== "utf-8") return text.length * 2;
  // Line breaks are counted in both: encoding the text again would be wrong after a damaged character (1 byte, 3 as U+FFFD).
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
