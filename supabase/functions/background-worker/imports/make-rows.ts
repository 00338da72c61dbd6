// Makes the rows of one chunk out of a piece of the file, and says where the next chunk begins.
import { byteLength, decode, unitBytes } from "../../_shared/csv/encodings.ts";
import { MAX_CHUNK_CELLS, MAX_COLUMNS, rowsWithin } from "../../_shared/csv/limits.ts";
import { type ImportRow, normaliseRow, planRows } from "../../_shared/csv/normalise-row.ts";
import { readRecords, UnreadableCsvError } from "../../_shared/csv/read-records.ts";
import type { ImportChunk } from "./import-chunk.ts";

/** They take about 40 ms of CPU here and well under a second in the database. With over a hundred columns, a chunk has fewer. */
export const MAX_ROWS = 1000;
/** If so many of the first rows are broken, the header does not describe the file. */
const BROKEN_SHARE = 0.9;
const BROKEN_LEAST = 100;

export interface MadeRows {
  rows: ImportRow[];
  nextByte: number;
  nextLine: number;
  isLast: boolean;
  /** Whether nextByte is in a line that is too long to be a row: the next chunk begins after its end. */
  isInLine: boolean;
}

/**
 * @param bytes the file from chunk.next_byte on
 * @param isEnd whether the file ends with them
 * @throws UnreadableCsvError if hardly any of the first rows fits
 */
export function makeRows(chunk: ImportChunk, bytes: Uint8Array, isEnd: boolean): MadeRows {
  const { encoding, delimiter, columns, mapping, tags, options, next_byte, next_line } = chunk;
  if (columns.length > MAX_COLUMNS)
    throw new UnreadableCsvError(
      `The file has ${columns.length} columns; at most ${MAX_COLUMNS} can be read.`,
    );
  const text = decode(bytes, encoding, isEnd);
  const maxRecords = rowsWithin(MAX_CHUNK_CELLS, columns.length, MAX_ROWS);
  const page = readRecords(text, { delimiter, line: next_line, isEnd, maxRecords });
  const isLast = isEnd && page.end === text.length;
  const broken = page.records.filter(
    (record) => record.problem !== undefined || record.cells.length > columns.length,
  ).length;
  if (chunk.next_chunk === 0 && broken >= BROKEN_LEAST && broken >= page.records.length * BROKEN_SHARE) {
    throw new UnreadableCsvError(
      `From line ${next_line} on hardly any row fits the ${columns.length} columns of the file, so nothing was imported. Mend the file and send it again.`,
    );
  }
  const plan = planRows(columns, mapping, tags, options);
  if (page.overlong) {
    const rows = [normaliseRow(page.overlong, plan)];
    const nextByte = next_byte + bytes.length - (bytes.length % unitBytes(encoding));
    return { rows, nextByte, nextLine: next_line + 1, isLast: false, isInLine: true };
  }
  return {
    isInLine: false,
    rows: page.records.map((record) => normaliseRow(record, plan)),
    nextByte: next_byte + byteLength(text.slice(0, page.end), bytes, encoding, isLast),
    nextLine: page.nextLine,
    isLast,
  };
}
