// The rows at the beginning of a file.
import { byteLength, decode } from "../_shared/csv/encodings.ts";
import type { CsvFile } from "../_shared/csv/inspect-file.ts";
import { type CsvRecord, readRecords, UnreadableCsvError } from "../_shared/csv/read-records.ts";
import { validationError } from "../_shared/http/app-error.ts";

export interface HeadRecords {
  records: CsvRecord[];
  /** Bytes they take up. */
  bytes: number;
  /** Whether they are all rows of the file. */
  isWhole: boolean;
}

/** Rows by which a mapping is suggested and columns are described. */
export const SAMPLE_ROWS = 200;

/** The beginning of a file, and whether it is all of it. */
export interface FileHead {
  head: Uint8Array;
  isWhole: boolean;
}

/**
 * The rows of the head, at most `max`.
 * @throws AppError invalid_input where a line is too long to be a row
 */
export function readHeadRecords(csv: CsvFile, { head, isWhole: isEnd }: FileHead, max: number): HeadRecords {
  const body = head.subarray(csv.nextByte);
  const text = decode(body, csv.encoding, isEnd);
  try {
    const { records, end } = readRecords(text, {
      delimiter: csv.delimiter,
      line: csv.nextLine,
      isEnd,
      maxRecords: max,
    });
    const isWhole = isEnd && end === text.length;
    return { records, bytes: byteLength(text.slice(0, end), body, csv.encoding, isWhole), isWhole };
  } catch (error) {
    if (error instanceof UnreadableCsvError)
      throw validationError([{ field: "file", message: error.message }]);
    throw error;
  }
}

/** Cells of the first rows, to suggest a mapping by. */
export function readSample(csv: CsvFile, file: FileHead): string[][] {
  return readHeadRecords(csv, file, SAMPLE_ROWS).records.map((record) => record.cells);
}
