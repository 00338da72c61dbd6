// Reads one CSV record that has quotation marks in its first line (RFC 4180, and what spreadsheets make of it).
import { MAX_LINE_CHARS } from "./limits.ts";

export interface QuotedRecord {
  cells: string[];
  end: number;
  /** Lines of the file it takes up. */
  lines: number;
}

/** A record whose quotation marks make no sense. */
export interface BrokenRecord {
  /** How far it was read before that was known. */
  brokenAt: number;
}

/** A quoted cell that goes on for more than this was not meant to: somebody's quotation mark was left open. */
const MAX_QUOTED_CHARS = 65_536;
const MAX_QUOTED_LINES = 200;

/**
 * Quotation marks inside a quoted cell that are not doubled ("ACME "BEST" LAND") are read as they stand, if the cell ends on
 * the same line; a cell that has them and runs over a line end is broken, as what looks like its end belongs to another row.
 * @param at where the record begins
 * @returns "incomplete" where the text ends before the record does
 */
export function readQuotedRecord(
  text: string,
  at: number,
  delimiter: string,
  isEnd: boolean,
): QuotedRecord | "incomplete" | BrokenRecord {
  const cells: string[] = [];
  let lines = 1;
  let i = at;
  for (;;) {
    const opening = skipSpaces(text, i, delimiter);
    let cell: string;
    if (text[opening] === '"') {
      const closing = findClosingQuote(text, opening + 1, delimiter, isEnd);
      if (closing === "incomplete" || "brokenAt" in closing) return closing;
      cell = text.slice(opening + 1, closing.at).replaceAll('""', '"');
      lines += closing.breaks;
      i = closing.next;
    } else {
      const end = findCellEnd(text, i, delimiter);
      cell = text.slice(i, end);
      i = end;
    }
    cells.push(cell);
    if (i - at > MAX_LINE_CHARS) return { brokenAt: i };
    if (i >= text.length) return isEnd ? { cells, end: i, lines } : "incomplete";
    if (text[i] === delimiter) {
      i += 1;
      continue;
    }
    if (text[i] === "\n") return { cells, end: i + 1, lines };
    if (i + 1 >= text.length && !isEnd) return "incomplete";
    return { cells, end: text[i + 1] === "\n" ? i + 2 : i + 1, lines };
  }
}

interface Closing {
  at: number;
  /** Where the delimiter or line end after the cell is. */
  next: number;
  breaks: number;
}

function findClosingQuote(
  text: string,
  from: number,
  delimiter: string,
  isEnd: boolean,
): Closing | "incomplete" | BrokenRecord {
  let isOdd = false;
  let breaks = 0;
  let i = from;
  for (;;) {
    const quote = text.indexOf('"', i);
    const reach = quote === -1 ? text.length : quote;
    if (reach - from > MAX_QUOTED_CHARS) return { brokenAt: reach };
    if (quote === -1) return isEnd ? { brokenAt: reach } : "incomplete";
    breaks += countLineBreaks(text.slice(i, quote));
    // At once, and not when the end is found: in a file full of open quotes every row would search far into the next ones.
    if (breaks > MAX_QUOTED_LINES || (isOdd && breaks > 0)) return { brokenAt: quote };
    if (text[quote + 1] === '"') {
      i = quote + 2;
      continue;
    }
    const next = skipSpaces(text, quote + 1, delimiter);
    if (next >= text.length && !isEnd) return "incomplete";
    const after = text[next];
    if (after === undefined || after === delimiter || after === "\n" || after === "\r")
      return { at: quote, next, breaks };
    if (breaks > 0) return { brokenAt: quote };
    isOdd = true;
    i = quote + 1;
  }
}

function findCellEnd(text: string, from: number, delimiter: string): number {
  for (let i = from; i < text.length; i++) {
    const char = text[i];
    if (char === delimiter || char === "\n" || char === "\r") return i;
  }
  return text.length;
}

/** Spaces around quotes are no part of the cell; where the delimiter is a tab, tabs are no spaces. */
function skipSpaces(text: string, from: number, delimiter: string): number {
  let i = from;
  while (text[i] === " " || (text[i] === "\t" && delimiter !== "\t")) i++;
  return i;
}

function countLineBreaks(text: string): number {
  return text.match(/\r\n|\n|\r/g)?.length ?? 0;
}
