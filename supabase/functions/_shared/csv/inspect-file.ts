// Reads the beginning of a file that was sent as CSV: its type, encoding, delimiter, the row that names the columns, and
// where the rows begin.
import { parsePhone } from "../sms/parse-phone.ts";
import { DELIMITERS, detectDelimiter } from "./detect-delimiter.ts";
import { detectEncoding } from "./detect-encoding.ts";
import { detectFileType } from "./detect-file-type.ts";
import { byteLength, decode, type Encoding } from "./encodings.ts";
import { unescapeFormula } from "./escape-formula.ts";
import { countKnown, findHeader, HEADER_ROWS } from "./find-header.ts";
import { MAX_CELL_CHARS, MAX_COLUMN_NAME, MAX_COLUMNS } from "./limits.ts";
import { readRecords, UnreadableCsvError } from "./read-records.ts";
import { toSingleLine } from "./to-single-line.ts";

export interface CsvFile {
  encoding: Encoding;
  /** Length of the byte order mark. */
  bomBytes: number;
  delimiter: string;
  /** Names of the columns, made unique, in the order of the file. */
  columns: string[];
  /** Where the first row after the header begins. */
  nextByte: number;
  nextLine: number;
}

/** Enough for any header and for the sample, and little enough to hold. */
export const HEAD_BYTES = 524_288;

/**
 * @param head the first HEAD_BYTES of the file, or all of it
 * @param isWhole whether the file ends with head
 * @throws UnreadableCsvError with a message for the person who sent it
 */
export function inspectFile(head: Uint8Array, isWhole: boolean): CsvFile {
  if (head.length === 0)
    throw new UnreadableCsvError("The file is empty. Send a CSV whose first line names the columns.");
  const foreign = detectFileType(head);
  if (foreign) {
    throw new UnreadableCsvError(
      `This is ${foreign}, not a CSV. Open it and save it as CSV (in Excel: "CSV UTF-8").`,
    );
  }
  const detected = detectEncoding(head);
  if (!detected)
    throw new UnreadableCsvError("This is not a text file. Save your list as CSV and send that.");
  const { encoding, bomBytes } = detected;
  const body = head.subarray(bomBytes);
  const text = decode(body, encoding, isWhole);
  const { hint, skip, lines } = readSeparatorLine(text);
  const rest = text.slice(skip);
  const delimiter = hint ?? detectDelimiter(rest, isWhole);
  const options = { delimiter, line: 1 + lines, isEnd: isWhole };
  const at = findHeader(readRecords(rest, { ...options, maxRecords: HEADER_ROWS }).records);
  const page = readRecords(rest, { ...options, maxRecords: at + 1 });
  const header = page.records[at] ?? page.overlong;
  if (!header) throw new UnreadableCsvError("The file has no rows: its first line should name the columns.");
  if (header.problem)
    throw new UnreadableCsvError(`Line ${header.line}, which names the columns: ${header.problem}`);
  if (header.cells.length > MAX_COLUMNS) {
    throw new UnreadableCsvError(
      `The file has ${header.cells.length} columns; at most ${MAX_COLUMNS} can be read.`,
    );
  }
  if (header.cells.length === 1) refuseOneCell(header.cells[0] as string, header.line);
  if (header.cells.some((cell) => /\d{7}/.test(cell.replace(/\D/g, "")) && parsePhone(cell).ok)) {
    throw new UnreadableCsvError(
      `Line ${header.line} should name the columns, but it holds a phone number. Put a line such as "First Name,Last Name,Phone" above it.`,
    );
  }
  const end = skip + page.end;
  const used = byteLength(text.slice(0, end), body, encoding, isWhole && end === text.length);
  return {
    encoding,
    bomBytes,
    delimiter,
    columns: uniqueNames(header.cells),
    nextByte: bomBytes + used,
    nextLine: page.nextLine,
  };
}

/** A header of one cell that holds the names of several columns: nothing parts them as a file of cells does. */
function refuseOneCell(cell: string, line: number): void {
  const delimiter = DELIMITERS.find((sign) => countKnown(cell.split(sign)) >= 2);
  if (delimiter !== undefined) {
    const name = delimiter === "\t" ? "the tab" : `"${delimiter}"`;
    throw new UnreadableCsvError(
      `Each row of the file is one cell in quotation marks, as line ${line} shows: ${cell.slice(0, 100)}. Open it in a spreadsheet, part the column at ${name} (Data, Text to Columns), and save it as CSV again.`,
    );
  }
  if (countKnown(cell.trim().split(/ {2,}/)) >= 2) {
    throw new UnreadableCsvError(
      `The columns in line ${line} are aligned by blanks (fixed width), which can't be read. Open the file in a spreadsheet, part it into columns, and save it as CSV.`,
    );
  }
}

/** Excel's own first line, "sep=;", names the delimiter and is no header. */
function readSeparatorLine(text: string): { hint?: string; skip: number; lines: number } {
  const match = /^"?sep=(.)"?(\r\n|\n|\r)/i.exec(text.slice(0, 20));
  return match ? { hint: match[1] as string, skip: match[0].length, lines: 1 } : { skip: 0, lines: 0 };
}

/** Columns without a name are named by their number, and repeated names get a number, so that a mapping can name every column. */
function uniqueNames(cells: string[]): string[] {
  const taken = new Set<string>();
  return cells.map((cell, index) => {
    const name =
      toSingleLine(unescapeFormula(cell.slice(0, MAX_CELL_CHARS)))
        .trim()
        .slice(0, MAX_COLUMN_NAME) || `column ${index + 1}`;
    let unique = name;
    for (let n = 2; taken.has(unique); n++) unique = `${name} (${n})`;
    taken.add(unique);
    return unique;
  });
}
