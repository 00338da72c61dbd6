// Finds the encoding of a file from its first bytes: byte order mark, the zeros of UTF-16, then whether it is valid UTF-8.
import { createUtf8Check } from "./check-utf-8.ts";
import type { Encoding } from "./encodings.ts";

export interface DetectedEncoding {
  encoding: Encoding;
  /** Length of the byte order mark. */
  bomBytes: number;
}

/**
 * @param head the first bytes of the file, 4 KiB or more if it has as many
 * @returns null for bytes that are not text in an encoding we read (binary, UTF-32)
 */
export function detectEncoding(head: Uint8Array): DetectedEncoding | null {
  const [a, b, c, d] = head;
  if (a === 0xff && b === 0xfe && c === 0 && d === 0) return null;
  if (a === 0 && b === 0 && c === 0xfe && d === 0xff) return null;
  if (a === 0xef && b === 0xbb && c === 0xbf) return { encoding: "utf-8", bomBytes: 3 };
  if (a === 0xff && b === 0xfe) return { encoding: "utf-16le", bomBytes: 2 };
  if (a === 0xfe && b === 0xff) return { encoding: "utf-16be", bomBytes: 2 };

  const sample = head.subarray(0, 4096);
  const zeros: [number, number] = [0, 0];
  for (let i = 0; i < sample.length; i++) if (sample[i] === 0) zeros[(i % 2) as 0 | 1]++;
  const [even, odd] = zeros;
  if (even + odd > sample.length * 0.2) {
    // Western text in UTF-16 has a zero in every pair, always on the same side.
    if (odd > even * 9) return { encoding: "utf-16le", bomBytes: 0 };
    if (even > odd * 9) return { encoding: "utf-16be", bomBytes: 0 };
    return null;
  }
  if (isBinary(sample)) return null;
  const check = createUtf8Check();
  check.add(head);
  return { encoding: check.encoding(), bomBytes: 0 };
}

/** Control characters other than tab and line breaks: text has next to none. */
function isBinary(sample: Uint8Array): boolean {
  let controls = 0;
  for (const byte of sample) if (byte < 9 || (byte > 13 && byte < 32)) controls++;
  return controls > sample.length * 0.01;
}
