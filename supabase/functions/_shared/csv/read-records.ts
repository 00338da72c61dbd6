// Reads CSV records out of a piece of text: line numbers as in the file, every end a place where the next piece may begin.
// Own reader, because an import must know three things at once that papaparse does not tell: the line a record began on, the
// exact place it ended, and that a quotation mark was opened and never closed (which must cost one row, not the rest of the
// file). Tests hold it against papaparse on well-formed text.
import { readQuotedRecord } from "./read-quoted-record.ts";

export interface CsvRecord {
  /** The line of the file the record begins on, the first being 1. */
  line: number;
  cells: string[];
  /** Why the record can't be trusted; its cells are then those of its first line, split without regard to quotes. */
  problem?: string;
}

export interface RecordPage {
  records: CsvRecord[];
  /** Characters of the text that were used up; the next piece begins there. */
  end: number;
  /** The line on which the next piece begins. */
  nextLine: number;
}

export interface ReadOptions {
  delimiter: string;
  /** The line on which the text begins. */
  line: number;
  /** Whether the file ends with this text. */
  isEnd: boolean;
  /** Stop after this many records. */
  maxRecords: number;
}

/** A line longer than this is no row of a CSV. */
export const MAX_LINE_CHARS = 131_072;

/** A file that can't be read on from here. The message is for people. */
export class UnreadableCsvError extends Error {
  override readonly name = "UnreadableCsvError";
}

/**
 * Lines end in LF, CR LF or CR, mixed as they come. Blank lines and records of empty cells are passed over. A record that the
 * text does not hold whole is left for the next piece, unless the file ends here.
 * @throws UnreadableCsvError on a line longer than MAX_LINE_CHARS
 */
export function readRecords(text: string, options: ReadOptions): RecordPage {
  const { delimiter, isEnd, maxRecords } = options;
  const findLineEnd = lineEndFinder(text, isEnd);
  const records: CsvRecord[] = [];
  let at = 0;
  let line = options.line;
  let quote = text.indexOf('"');
  while (at < text.length && records.length < maxRecords) {
    const lineEnd = findLineEnd(at);
    if (quote !== -1 && quote < at) quote = text.indexOf('"', at);
    if (quote !== -1 && (lineEnd === null || quote < lineEnd.at)) {
      const read = readQuotedRecord(text, at, delimiter, isEnd);
      if (read === "incomplete") {
        checkLength(text.length - at, line);
        break;
      }
      if (read !== "broken") {
        if (read.cells.some(isFilled)) records.push({ line, cells: read.cells });
        at = read.end;
        line += read.lines;
        continue;
      }
    }
    if (lineEnd === null) {
      checkLength(text.length - at, line);
      break;
    }
    checkLength(lineEnd.at - at, line);
    const isBroken = quote !== -1 && quote < lineEnd.at;
    const cells = text.slice(at, lineEnd.at).split(delimiter);
    if (isBroken)
      records.push({ line, cells, problem: "A quotation mark is opened and not closed properly." });
    else if (cells.some(isFilled)) records.push({ line, cells });
    at = lineEnd.next;
    line += 1;
  }
  // Postgres can't store the zero character, and no list means anything by it.
  if (text.includes("\0"))
    for (const record of records) record.cells = record.cells.map((cell) => cell.replaceAll("\0", ""));
  return { records, end: at, nextLine: line };
}

const isFilled = (cell: string) => cell !== "" && cell.trim() !== "";

interface LineEnd {
  at: number;
  next: number;
}

/**
 * A finder of line ends that is asked from left to right. It gives null where the line goes on beyond the text. Positions are
 * kept between calls: a file whose lines end in CR alone would be searched for LF to its end at every line.
 */
function lineEndFinder(text: string, isEnd: boolean): (from: number) => LineEnd | null {
  let lf = -2;
  let cr = -2;
  return (from) => {
    if (lf !== -1 && lf < from) lf = text.indexOf("\n", from);
    if (cr !== -1 && cr < from) cr = text.indexOf("\r", from);
    if (cr !== -1 && (lf === -1 || cr < lf)) {
      if (lf === cr + 1) return { at: cr, next: cr + 2 };
      // A CR at the very end may be half of a CR LF.
      return cr + 1 < text.length || isEnd ? { at: cr, next: cr + 1 } : null;
    }
    if (lf !== -1) return { at: lf, next: lf + 1 };
    return isEnd ? { at: text.length, next: text.length } : null;
  };
}

function checkLength(chars: number, line: number): void {
  if (chars <= MAX_LINE_CHARS) return;
  throw new UnreadableCsvError(
    `Line ${line} is longer than ${MAX_LINE_CHARS} characters, so this is no CSV from there on. Export the file again as CSV.`,
  );
}
