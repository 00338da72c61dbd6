// Takes apart a cell that holds phone numbers with words beside them: "512-555-0100 DNC", "Cell: 512-555-0101 (call after 5)".
import { completeShort, splitPhones } from "../sms/split-phones.ts";
import { fold } from "./parse-cell.ts";

export interface NotedPhone {
  text: string;
  /** What is written beside it; empty if nothing is. */
  note: string;
}

const HAS_WORDS = /\p{L}/u;
/** One number that is not a part of a longer one, with its extension. */
const NUMBER =
  /(?<![\d+][ .()-]{0,3})(?:\+?1[ .-]{0,3})?(?:\(\d{3}\)|\d{3})[ .-]{0,3}\d{3}[ .-]{0,3}\d{4}(?![ .-]{0,2}\d)(?: {0,3}(?:x|ext\.?|extension|#) {0,3}\d{1,6})?/gi;
const SEPARATOR = /[;,|\n\r\t/&]/;
/** Longer cells are split as cells of numbers alone. */
const MAX_CHARS = 500;

/** Words that name a phone and say nothing more of it. */
const LABELS = new Set(
  "home cell mobile work office main primary secondary alternate alt business phone ph tel telephone number no num h c m w o p cel celular movil casa trabajo oficina telefono principal wireless other otro direct personal his her and or y o e x ext extension 1 2 3".split(
    " ",
  ),
);

/** Whether the note is only a label, which need not be kept. */
export const isLabel = (note: string): boolean =>
  fold(note)
    .split(" ")
    .every((word) => word === "" || LABELS.has(word));

/** The numbers of a cell in order, each with the words beside it. */
export function readNotedPhones(cell: string): NotedPhone[] {
  if (!HAS_WORDS.test(cell) || cell.length > MAX_CHARS) return plain(cell);
  // The word in "(512) 555-0100 or 0101" is no note.
  const short = completeShort(cell.trim());
  if (short) return short.map((text) => ({ text, note: "" }));
  const numbers = [...cell.matchAll(NUMBER)];
  if (numbers.length === 0) return plain(cell);
  const notes = numbers.map(() => [] as string[]);
  const first = numbers[0] as RegExpExecArray;
  let end = 0;
  // "Cell: 512…, Home: 512…": what comes before the first number is a label, and so is what comes before the next.
  const isBefore = fold(cell.slice(0, first.index)) !== "";
  for (const [i, number] of numbers.entries()) {
    const between = cell.slice(end, number.index);
    if (i === 0) notes[0]?.push(between);
    else {
      const [before, after] = splitBetween(between, isBefore);
      notes[i - 1]?.push(before);
      notes[i]?.push(after);
    }
    end = number.index + number[0].length;
  }
  notes.at(-1)?.push(cell.slice(end));
  // A digit that is in no number belongs to one that is written in another way, unless words are beside it.
  if (notes.flat().some(holdsNumber)) return plain(cell);
  return numbers.map((number, i) => ({
    text: number[0].trim(),
    note: (notes[i] ?? [])
      .map(tidy)
      .filter((note) => note !== "")
      .join(" "),
  }));
}

const BRACKETS = /\([^()]*\)|\[[^[\]]*\]/g;
const BRACKETS_FIRST = /^\s*(?:\([^()]*\)|\[[^[\]]*\])/;
/** "DNC Home:": the word before the colon is the label of the next number. */
const LABEL_LAST = /^(.*\S)\s+(\S+\s*:\s*)$/s;

/** Parts the words between two numbers: those about the first, and those about the second. */
function splitBetween(between: string, isBefore: boolean): [string, string] {
  // "512-555-0100 (cell, DNC) / 512-555-0101": no comma within brackets parts numbers.
  const at = between.replace(BRACKETS, (text) => "x".repeat(text.length)).search(SEPARATOR);
  if (at !== -1) return [between.slice(0, at), between.slice(at + 1)];
  const end = BRACKETS_FIRST.exec(between)?.[0].length ?? 0;
  if (end > 0) return [between.slice(0, end), between.slice(end)];
  if (!isBefore && !/:\s*$/.test(between)) return [between, ""];
  const [, said, label] = LABEL_LAST.exec(between) ?? [];
  // "Home Phone:" is one label.
  return said !== undefined && label !== undefined && !isLabel(said) ? [said, label] : ["", between];
}

/** All words of the cell are beside each of its numbers, so that no refusal is lost. */
function plain(cell: string): NotedPhone[] {
  const note = HAS_WORDS.test(cell)
    ? cell
        .slice(0, MAX_CHARS)
        .replace(/[^\p{L}\p{M}\s]+/gu, " ")
        .trim()
    : "";
  return splitPhones(cell).map((text) => ({ text, note }));
}

const LONGEST_DIGITS = 6;
function holdsNumber(note: string): boolean {
  return note.split(/\p{L}/u).some((piece) => piece.replace(/\D/g, "").length > LONGEST_DIGITS);
}

/** Without the brackets and dashes around it. */
function tidy(note: string): string {
  return note
    .replace(/^[\s()[\]{}:;,.\-–—*"'|/&]{1,50}/, "")
    .replace(/(?<![\s()[\]{}:;,\-–—*"'|/&])[\s()[\]{}:;,\-–—*"'|/&]+$/, "");
}
