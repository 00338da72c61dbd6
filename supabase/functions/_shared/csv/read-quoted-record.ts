// Reads one CSV record that has quotation marks in its first line (RFC 4180, and the variants that spreadsheets write).
import { MAX_LINE_CHARS } from "./limits.ts";

export interface QuotedRecord {
  cells: string[];
  end: number;
  /** How many lines of the file it takes up. */
  lines: number;
}

/** A record whose quotation marks make no sense. */
export interface BrokenRecord {
  /** How far it was read before that was noticed. */
  brokenAt: number;
}

/** A longer quoted cell is a mistake: its quotation mark was never closed. */
const MAX_QUOTED_CHARS = 65_536;
const MAX_QUOTED_LINES = 200;

/**
 * Quotation marks inside a quoted cell that are not doubled ("ACME "BEST" LAND") are read as text, if the cell ends on the
 * same line. A cell that has them and continues over a line end is broken, as what looks like its end belongs to another row.
 * @param at where the record begins
 * @returns "incomplete" if the text ends before the record does
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
      const inner = text.slice(opening + 1, closing.at);
      cell = closing.isBackslashed
        ? inner.replace(/\\(["\\])|""/g, (_all, escaped: string | undefined) => escaped ?? '"')
        : inner.replaceAll('""', '"');
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
  /** The position of the delimiter or line end after the cell. */
  next: number;
  breaks: number;
  /** Whether the cell has quotation marks after backslashes, as databases export them. */
  isBackslashed: boolean;
}

function findClosingQuote(
  text: string,
  from: number,
  delimiter: string,
  isEnd: boolean,
): Closing | "incomplete" | BrokenRecord {
  let isOdd = false;
  let isBackslashed = false;
  let breaks = 0;
  let i = from;
  for (;;) {
    const quote = text.indexOf('"', i);
    const reach = quote === -1 ? text.length : quote;
    if (reach - from > MAX_QUOTED_CHARS) return { brokenAt: reach };
    if (quote === -1) return isEnd ? { brokenAt: reach } : "incomplete";
    breaks += countLineBreaks(text.slice(i, quote));
    // Checked here, not once the end is found: in a file full of open quotes, every row would search far into the next ones.
    if (breaks > MAX_QUOTED_LINES || (isOdd && breaks > 0)) return { brokenAt: quote };
    // The first \" that no delimiter follows shows what the others mean; before that, a cell may end in a backslash.
    const isEscaped = isAfterBackslash(text, quote, from);
    if (isEscaped && (isBackslashed || isWithinCell(text, quote + 1, delimiter))) {
      isBackslashed = true;
      i = quote + 1;
      continue;
    }
    if (text[quote + 1] === '"') {
      i = quote + 2;
      continue;
    }
    const next = skipSpaces(text, quote + 1, delimiter);
    if (next >= text.length && !isEnd) return "incomplete";
    const after = text[next];
    if (after === undefined || after === delimiter || after === "\n" || after === "\r")
      return { at: quote, next, breaks, isBackslashed };
    if (breaks > 0) return { brokenAt: quote };
    isOdd = true;
    i = quote + 1;
  }
}

/** Whether an odd number of backslashes is before a quotation mark. */
function isAfterBackslash(text: string, quote: number, from: number): boolean {
  let at = quote;
  while (at > from && text[at - 1] === "\\") at--;
  return (quote - at) % 2 === 1;
}

/** Whether the character there can't follow the end of a cell. */
function isWithinCell(text: string, at: number, delimiter: string): boolean {
  const after = text[skipSpaces(text, at, delimiter)];
  return after !== undefined && after !== delimiter && after !== "\n" && after !== "\r" && text[at] !== '"';
}

function findCellEnd(text: string, from: number, delimiter: string): number {
  for (let i = from; i < text.length; i++) {
    const char = text[i];
    if (char === delimiter || char === "\n" || char === "\r") return i;
  }
  return text.length;
}

/** Spaces around quotes are not part of the cell. Tabs count as spaces unless they are the delimiter. */
function skipSpaces(text: string, from: number, delimiter: string): number {
  let i = from;
  while (text[i] === " " || (text[i] === "\t" && delimiter !== "\t")) i++;
  return i;
}

function countLineBreaks(text: string): number {
  return text.match(/\r\n|\n|\r/g)?.length ?? 0;
}
