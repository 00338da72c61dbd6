// Makes the rows of one chunk out of a piece of the file, and says where the next chunk begins.
import { byteLength, decode } from "../../_shared/csv/encodings.ts";
import { type ImportRow, normaliseRow, planRows } from "../../_shared/csv/normalise-row.ts";
import { readRecords, UnreadableCsvError } from "../../_shared/csv/read-records.ts";
import type { ImportChunk } from "./import-chunk.ts";

/** About 40 ms of CPU here and a transaction of well under a second there. */
export const MAX_ROWS = 1000;
/** A file that is broken all through, not here and there. */
const BROKEN_SHARE = 0.9;
const BROKEN_LEAST = 100;

export interface MadeRows {
  rows: ImportRow[];
  nextByte: number;
  nextLine: number;
  isLast: boolean;
}

/**
 * @param bytes the file from chunk.next_byte on
 * @param isEnd whether the file ends with them
 * @throws UnreadableCsvError where the file can't be read on
 */
export function makeRows(chunk: ImportChunk, bytes: Uint8Array, isEnd: boolean): MadeRows {
  const { encoding, delimiter, columns, mapping, tags, options, next_byte, next_line } = chunk;
  const text = decode(bytes, encoding, isEnd);
  const page = readRecords(text, { delimiter, line: next_line, isEnd, maxRecords: MAX_ROWS });
  const isLast = isEnd && page.end === text.length;
  if (page.end === 0 && !isLast) {
    throw new UnreadableCsvError(
      `The row on line ${next_line} is too long to be read. Shorten or remove it and send the file again.`,
    );
  }
  const broken = page.records.filter(
    (record) => record.problem !== undefined || record.cells.length > columns.length,
  ).length;
  if (broken >= BROKEN_LEAST && broken >= page.records.length * BROKEN_SHARE) {
    throw new UnreadableCsvError(
      `From line ${next_line} on hardly any row fits the ${columns.length} columns of the file. What came before is imported. Mend the file and send it again.`,
    );
  }
  const plan = planRows(columns, mapping, tags, options);
  return {
    rows: page.records.map((record) => normaliseRow(record, plan)),
    nextByte: next_byte + byteLength(text.slice(0, page.end), bytes, encoding, isLast),
    nextLine: page.nextLine,
    isLast,
  };
}
