// The rows at the beginning of a file.
import { byteLength, decode } from "../../_shared/csv/encodings.ts";
import type { CsvFile } from "../../_shared/csv/inspect-file.ts";
import { type CsvRecord, readRecords } from "../../_shared/csv/read-records.ts";

export interface HeadRecords {
  records: CsvRecord[];
  /** Bytes they take up. */
  bytes: number;
  /** Whether they are all rows of the file. */
  isWhole: boolean;
}

/** How many rows are used to suggest a mapping and to describe the columns. */
export const SAMPLE_ROWS = 200;

/** The beginning of a file, and whether it is all of it. */
export interface FileHead {
  head: Uint8Array;
  isWhole: boolean;
}

/** At most `max` rows of the head; a row that is not whole in it is left out. A first line that is too long is the only row. */
export function readHeadRecords(csv: CsvFile, { head, isWhole: isEnd }: FileHead, max: number): HeadRecords {
  const body = head.subarray(csv.nextByte);
  const text = decode(body, csv.encoding, isEnd);
  const { delimiter, nextLine: line } = csv;
  const page = readRecords(text, { delimiter, line, isEnd, maxRecords: max });
  const isWhole = isEnd && page.end === text.length;
  const bytes = byteLength(text.slice(0, page.end), body, csv.encoding, isWhole);
  return { records: page.overlong ? [page.overlong] : page.records, bytes, isWhole };
}

/** Cells of the first rows, to suggest a mapping by. */
export function readSample(csv: CsvFile, file: FileHead): string[][] {
  return readHeadRecords(csv, file, SAMPLE_ROWS).records.map((record) => record.cells);
}
