// Finds the end of a line that is too long to be a row, so that the rows after it are not lost with it.
import { type Encoding, unitBytes } from "../../_shared/csv/encodings.ts";
import type { FileStore } from "../../_shared/storage/file-store.ts";
import { importFileAt } from "../../_shared/storage/stored-file.ts";
import type { ImportChunk } from "./import-chunk.ts";
import type { MadeRows } from "./make-rows.ts";
import { readByteRange } from "./read-byte-range.ts";

const PIECE_BYTES = 4_194_304;
const LF = 10;
const CR = 13;

/** @returns the same rows, with the next chunk after the line's end; they are the last ones if the file ends in the line */
export async function skipLine(
  storage: FileStore,
  { id, storage_path, file_bytes: size, encoding }: ImportChunk,
  made: MadeRows,
): Promise<MadeRows> {
  const file = importFileAt(storage_path, id);
  for (let at = made.nextByte; at < size; at += PIECE_BYTES) {
    // Two characters more are read than are searched: the line may end in CR LF across the boundary of two pieces.
    const bytes = await readByteRange(storage, file, at, Math.min(at + PIECE_BYTES + 4, size));
    const end = findLineEnd(bytes, encoding, PIECE_BYTES);
    if (end !== null) return { ...made, nextByte: at + end, isLast: at + end >= size, isInLine: false };
  }
  return { ...made, nextByte: size, isLast: true, isInLine: false };
}

/** @returns the place after the first LF, CR LF or CR that begins within the first `reach` bytes; null if none does */
export function findLineEnd(bytes: Uint8Array, encoding: Encoding, reach: number): number | null {
  const unit = unitBytes(encoding);
  const [low, high] = encoding === "utf-16be" ? [1, 0] : [0, 1];
  const isAt = (at: number, code: number) =>
    bytes[at + (unit === 2 ? low : 0)] === code && (unit === 1 || bytes[at + high] === 0);
  for (let at = 0; at < Math.min(reach, bytes.length); at += unit) {
    if (isAt(at, LF)) return at + unit;
    if (isAt(at, CR)) return isAt(at + unit, LF) ? at + 2 * unit : at + unit;
  }
  return null;
}
