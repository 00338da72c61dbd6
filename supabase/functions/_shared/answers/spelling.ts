// Typing slips: standard words that stand alone with neighbours on the keyboard, doubled, missing or swapped letters; and the
// longer words of the rules in misspelt or Spanish phonetic form.
import { KEYWORDS, NO_SLIPS, SLIPPERY } from "./rules/keywords.ts";

const ROWS = ["QWERTYUIOP", "ASDFGHJKL", "ZXCVBNM"];
/** Each letter with those beside it on the keyboard. */
const NEIGHBOURS: ReadonlyMap<string, string> = new Map(
  ROWS.flatMap((row, r) =>
    [...row].map((letter, i): [string, string] => {
      const above = ROWS[r - 1]?.slice(i, i + 2) ?? "";
      const below = ROWS[r + 1]?.slice(Math.max(0, i - 1), i + 1) ?? "";
      return [letter, `${row[i - 1] ?? ""}${row[i + 1] ?? ""}${above}${below}`];
    }),
  ),
);
const FIGURES: Readonly<Record<string, string>> = {
  "0": "O",
  "1": "I",
  "3": "E",
  "4": "A",
  "5": "S",
  $: "S",
  "@": "A",
};

/** A word in which figures that stand for letters are letters: ST0P, $TOP. */
export function unmaskFigures(word: string): string {
  if (!/[A-Z]/.test(word) || !/[0-9$@]/.test(word)) return word;
  return word.replace(/[013458$@]/g, (figure) => FIGURES[figure] ?? figure);
}

const withoutDoubles = (word: string) => word.replace(/(.)\1+/g, "$1");

/** The slips between two words, more than 2 if there are too many. A wrong letter counts one only beside the right one. */
function countSlips(typed: string, meant: string): number {
  if (Math.abs(typed.length - meant.length) > 2) return 3;
  let before: number[] = [];
  let row = Array.from({ length: meant.length + 1 }, (_, i) => i);
  for (let i = 1; i <= typed.length; i++) {
    const next = [i];
    for (let j = 1; j <= meant.length; j++) {
      const [a, b] = [typed[i - 1] as string, meant[j - 1] as string];
      const wrong = a === b ? 0 : NEIGHBOURS.get(b)?.includes(a) ? 1 : 2;
      let least = Math.min(
        (row[j - 1] as number) + wrong,
        (row[j] as number) + 1,
        (next[j - 1] as number) + 1,
      );
      if (i > 1 && j > 1 && a === meant[j - 2] && typed[i - 2] === b)
        least = Math.min(least, (before[j - 2] as number) + 1);
      next.push(least);
    }
    before = row;
    row = next;
  }
  return row[meant.length] as number;
}

/** The standard word of which a word is a slip, undefined if none. */
export function findSlip(typed: string): string | undefined {
  const unmasked = unmaskFigures(typed);
  if (KEYWORDS.get(unmasked)?.kind === "stop") return unmasked;
  // STOP2END, STOP1: what follows a figure is no part of the word.
  const word = unmaskFigures(/^([A-Z]{3,})\d/.exec(typed)?.[1] ?? typed);
  if (NO_SLIPS.has(word) || word.length < 3 || word.length > 24) return undefined;
  if (KEYWORDS.get(word)?.kind === "stop") return word;
  const single = withoutDoubles(word);
  for (const [meant, most] of SLIPPERY) {
    if (single === withoutDoubles(meant)) return meant;
    // A missing letter leaves three of four, which may be anything (TOP, SOP, SUP): only STP is understood.
    if (word.length < 4 && word !== "STP") continue;
    if (Math.min(countSlips(word, meant), countSlips(single, meant)) <= most) return meant;
  }
  return undefined;
}

/** Words that follow a stop word without a space: STOPIT, STOPTEXTINGME. */
const GLUED =
  "IT ME NOW ALL THIS PLEASE PLS TEXTING TEXT MESSAGING CALLING CONTACTING SENDING BOTHERING TEXTME".split(
    " ",
  );
const GLUE_FIRST = "STOP DONT DONOT REMOVE UNSUBSCRIBE LEAVE QUIT".split(" ");

/** The parts of words that were written as one, undefined if it is one word. */
export function splitGlued(word: string): string[] | undefined {
  const first = GLUE_FIRST.find((one) => word.startsWith(one) && word.length > one.length);
  if (first === undefined || KEYWORDS.has(word)) return undefined;
  const parts = [first === "DONOT" ? "DONT" : first];
  let rest = word.slice(first.length);
  while (rest !== "") {
    const next = GLUED.find((one) => rest.startsWith(one));
    if (next === undefined) return undefined;
    parts.push(next);
    rest = rest.slice(next.length);
  }
  return parts;
}

/** STOP with swapped letters, which is no other word. */
const SWAPPED_STOP = new Set("STPO SOTP TSOP".split(" "));
export const isStopMisspelt = (word: string) =>
  SWAPPED_STOP.has(word) || (word.length > 4 && withoutDoubles(word) === "STOP");

/** How a Spanish word sounds: v as b, ll as y, no h, z and soft c as s, qu and hard c as k, soft g as j, no doubled letters. */
export function soundOf(word: string): string {
  return word
    .replace(/QU(?=[EI])|C(?=[AOULR])|Q/g, "K")
    .replace(/C(?=[EI])|Z/g, "S")
    .replace(/G(?=[EI])/g, "J")
    .replace(/LL/g, "Y")
    .replace(/V/g, "B")
    .replace(/H/g, "")
    .replace(/(.)\1+/g, "$1");
}

/** Words of the rules that are often misspelt and resemble no other word once a letter is missing, doubled or swapped. */
const OFTEN_MISSPELT =
  "TEXTING MESSAGES MESSAGE CONTACT REMOVE DELETE UNSUBSCRIBE INTERESTED NUMBER PLEASE MENSAJES MANDEN " +
  "MOLESTAR INTERESA QUIERO " +
  "INTERESADO EQUIVOCADO DECEASED HARASSING STOPPING CONTACTING ANYMORE PERMISSION";
const OTHERS = new Set(
  (
    "TESTING CONTRACT CONTACTS REMOTE REMOVED DELETED LUMBER INTEREST MASSAGE MOLESTAN MOLESTA PLEASED " +
    "PLEAS MESSAGED"
  ).split(" "),
);

const deletions = (word: string) => Array.from(word, (_, i) => word.slice(0, i) + word.slice(i + 1));
/** The word with each letter missing → the word. */
const NEARLY = new Map(
  OFTEN_MISSPELT.split(" ").flatMap((word) =>
    [word, ...deletions(word)].map((part): [string, string] => [part, word]),
  ),
);

/** The word of the rules that a misspelt word is, the word itself if it is none. */
export function correctWord(
  word: string,
  known: ReadonlySet<string>,
  bySound: ReadonlyMap<string, string>,
): string {
  if (known.has(word) || OTHERS.has(word) || word.length < 4 || /\d/.test(word)) return word;
  const sounds = bySound.get(soundOf(word));
  if (sounds !== undefined) return sounds;
  if (word.length < 5 || word.length > 16) return word;
  const whole = NEARLY.get(word);
  if (whole !== undefined) return whole;
  for (const part of deletions(word)) {
    const near = NEARLY.get(part);
    if (near !== undefined && near.length >= 6 && Math.abs(near.length - word.length) <= 1) return near;
  }
  return word;
}
