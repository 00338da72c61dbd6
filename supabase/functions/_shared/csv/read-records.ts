// Reads CSV records out of a piece of text, with the line numbers of the file. The next piece may begin at the end of any record.
// It is our own reader, because an import must know three things that papaparse does not say: the line on which a record began,
// the exact place where it ended, and that a quotation mark was opened and never closed (which must cost one row, not the rest of
// the file). Tests compare it with papaparse on well-formed text.
import { MAX_LINE_CHARS } from "./limits.ts";
import { readQuotedRecord } from "./read-quoted-record.ts";

const OPEN_QUOTE =
  'A quotation mark is opened and not closed properly. Close it at the end of the cell, and write one within a cell twice ("").';

export interface CsvRecord {
  /** The line of the file the record begins on, the first being 1. */
  line: number;
  cells: string[];
  /** Why the record can't be trusted. Its cells are then those of its first line, split as if there were no quotes. */
  problem?: string;
  /** The index of the first cell from which NUL characters were removed. */
  damaged?: number;
}

export interface RecordPage {
  records: CsvRecord[];
  /** How many characters of the text were read; the next piece begins there. */
  end: number;
  /** The line on which the next piece begins. */
  nextLine: number;
  /**
   * Set if the text begins with a line that is longer than any row and does not end in the text: then this is that line, and
   * `end` does not pass it. The next piece begins after the end of the line, which the caller must find.
   */
  overlong?: CsvRecord;
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

/** How much of a line that is too long is kept, so that people recognise it. */
const KEPT_CHARS = 1000;

/** The file can't be read any further. The message is for people. */
export class UnreadableCsvError extends Error {
  override readonly name = "UnreadableCsvError";
}

/**
 * Lines end in LF, CR LF or CR, even mixed. Blank lines and records of empty cells are skipped. A record that is not whole in the
 * text is left for the next piece, unless the file ends here.
 */
export function readRecords(text: string, options: ReadOptions): RecordPage {
  const { delimiter, isEnd, maxRecords } = options;
  const findLineEnd = lineEndFinder(text, isEnd);
  const records: CsvRecord[] = [];
  let at = 0;
  let line = options.line;
  let quote = text.indexOf('"');
  let brokenUntil = 0;
  while (at < text.length && records.length < maxRecords) {
    const lineEnd = findLineEnd(at);
    if (quote !== -1 && quote < at) quote = text.indexOf('"', at);
    if (quote !== -1 && at >= brokenUntil && (lineEnd === null || quote < lineEnd.at)) {
      const read = readQuotedRecord(text, at, delimiter, isEnd);
      if (read === "incomplete" && text.length - at <= MAX_LINE_CHARS) break;
      if (read !== "incomplete" && "cells" in read) {
        if (read.cells.some(isFilled)) records.push({ line, cells: read.cells });
        at = read.end;
        line += read.lines;
        continue;
      }
      // Such a long row is no row, and no quoted record within it is tried: reading again from each of its lines could take
      // for ever.
      const readTo = read === "incomplete" ? text.length : read.brokenAt;
      if (readTo - at > MAX_LINE_CHARS) brokenUntil = readTo;
    }
    if (lineEnd === null) {
      if (text.length - at > MAX_LINE_CHARS && records.length === 0)
        return { records, end: at, nextLine: line, overlong: overlongRecord(text, at, line) };
      break;
    }
    const isBroken = quote !== -1 && quote < lineEnd.at;
    if (lineEnd.at - at > MAX_LINE_CHARS) {
      records.push(overlongRecord(text, at, line));
      at = lineEnd.next;
      line += 1;
      continue;
    }
    const cells = text.slice(at, lineEnd.at).split(delimiter);
    if (isBroken) records.push({ line, cells, problem: OPEN_QUOTE });
    else if (cells.some(isFilled)) records.push({ line, cells });
    at = lineEnd.next;
    line += 1;
  }
  if (text.includes("\0")) takeOutZeros(records);
  return { records, end: at, nextLine: line };
}

/** Removes NUL characters, which Postgres can't store and which have no meaning in any list. */
function takeOutZeros(records: CsvRecord[]): void {
  for (const record of records) {
    const damaged = record.cells.findIndex((cell) => cell.includes("\0"));
    if (damaged === -1) continue;
    record.cells = record.cells.map((cell) => cell.replaceAll("\0", ""));
    record.damaged = damaged;
  }
}

function overlongRecord(text: string, at: number, line: number): CsvRecord {
  return {
    line,
    cells: [text.slice(at, at + KEPT_CHARS).replaceAll("\0", "")],
    problem: `The line is longer than ${MAX_LINE_CHARS} characters, so it is no row. Its beginning is kept.`,
  };
}

const isFilled = (cell: string) => cell !== "" && cell.trim() !== "";

interface LineEnd {
  at: number;
  next: number;
}

/**
 * Makes a function that finds line ends and must be called from left to right. It returns null if the line goes on beyond the
 * text. It keeps positions between calls: otherwise, in a file whose lines end in CR, every line would cost a search for LF.
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
