// Decides between UTF-8, Windows-1252 and Mac OS Roman over a whole file as it is streamed: its first non-ASCII character may come late.
import { looksMacRoman } from "./mac-roman.ts";

export interface Utf8Check {
  add(chunk: Uint8Array): void;
  /** The verdict so far. */
  encoding(): "utf-8" | "windows-1252" | "macintosh";
}

/**
 * One valid multi-byte character decides for UTF-8, because such bytes hardly ever occur in Windows-1252 by chance. A file with a
 * damaged character after that stays UTF-8. An invalid one before any valid one decides for one of
 * the others.
 */
export function createUtf8Check(): Utf8Check {
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  let verdict: "utf-8" | "windows-1252" | "macintosh" | undefined;
  let isCut = false;
  return {
    add(chunk) {
      if (verdict !== undefined) return;
      try {
        const text = decoder.decode(chunk, { stream: true });
        // A character cut off at the end of the chunk is not in the text yet: it counts with the next one.
        if (text.length < chunk.length && NON_ASCII.test(text)) verdict = "utf-8";
        isCut = endsInCharacter(chunk);
      } catch {
        verdict =
          !isCut && beginsValid(chunk) ? "utf-8" : looksMacRoman(chunk) ? "macintosh" : "windows-1252";
      }
    },
    encoding: () => verdict ?? "utf-8",
  };
}

const NON_ASCII = /[^\0-\x7f]/;

const sequenceLength = (lead: number) => (lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2);

/** Whether the last bytes are the beginning of a character that the next chunk may complete. */
function endsInCharacter(chunk: Uint8Array): boolean {
  for (let back = 1; back <= Math.min(3, chunk.length); back++) {
    const byte = chunk[chunk.length - back] as number;
    if (byte < 0x80) return false;
    if (byte >= 0xc0) return sequenceLength(byte) > back;
  }
  return false;
}

/** Whether the first non-ASCII byte of the chunk begins a valid sequence. */
function beginsValid(chunk: Uint8Array): boolean {
  const at = chunk.findIndex((byte) => byte >= 0x80);
  if (at === -1) return false;
  const sequence = chunk.subarray(at, at + sequenceLength(chunk[at] as number));
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(sequence);
    return true;
  } catch {
    return false;
  }
}
