// Splits a folded text into clauses of words in capitals, in one spelling: DON'T, DO NOT and DNT are one word.
import { ONE_WORD, TWO_WORDS } from "./spellings.ts";

export interface Clause {
  words: readonly string[];
  /** Whether a question mark ends it. */
  isQuestion: boolean;
  /** Whether the word at the same index is in capitals within a text that isn't. */
  isShouted: readonly boolean[];
  /** Whether the word at the same index begins with a capital letter only. */
  isCapital: readonly boolean[];
}

const SEPARATOR =
  /[!?;:,\n\r…¡¿()"“”«»*~|[\]{}<>]|\.(?![A-Za-z0-9])|\p{Extended_Pictographic}|[-–—](?=\s)|(?<=\s)[-–—]/u;
const CLAUSES = new RegExp(SEPARATOR.source, "gu");
const WORDS = /[$@]?[A-Za-z0-9]+/g;

/** Signs that stand for the word before what should end: "🛑 texting me" is STOP, "🚫 texts" is NO. */
const SIGN_BEFORE_DOING = /[🛑⛔🚫❌]\uFE0F?\s*(?=(?:text|messag|call|contact|send|bother)[a-z]*ing\b)/giu;
const SIGN_BEFORE_THING = /[🛑⛔🚫❌]\uFE0F?\s*(?=(?:texts?|messages?|msgs|mensajes?|textos?|calls)\b)/giu;
const readSigns = (text: string) =>
  /[🛑⛔🚫❌]/u.test(text)
    ? text.replace(SIGN_BEFORE_DOING, "stop ").replace(SIGN_BEFORE_THING, "no ")
    : text;

export function splitClauses(folded: string): Clause[] {
  const text = readSigns(folded)
    .replace(/\b(Mr|Mrs|Ms|Dr|Sr|Sra)\. /gi, "$1 ")
    .replace(/\bf[*@#]{1,3}(?:c?k)?(?![a-z])/gi, "fuck")
    .replace(/'/g, "")
    .replace(/&/g, " and ")
    .replace(/#(?!\d)/g, " number ");
  const hasLower = /[a-z]/.test(text);
  const clauses: Clause[] = [];
  let from = 0;
  const add = (until: number, mark: string) => {
    const clause = readClause(text.slice(from, until), mark === "?", hasLower);
    if (clause.words.length > 0) clauses.push(clause);
    // "Stop it ?" and "stop !?": a mark after another belongs to the clause before.
    else if (mark === "?" && clauses.length > 0) {
      const last = clauses.pop() as Clause;
      clauses.push({
        words: last.words,
        isShouted: last.isShouted,
        isCapital: last.isCapital,
        isQuestion: true,
      });
    }
  };
  for (const found of text.matchAll(CLAUSES)) {
    add(found.index, found[0]);
    from = found.index + found[0].length;
  }
  add(text.length, "");
  return clauses;
}

function readClause(text: string, isQuestion: boolean, hasLower: boolean): Clause {
  const words: string[] = [];
  const isShouted: boolean[] = [];
  const isCapital: boolean[] = [];
  const found = text.match(WORDS) ?? [];
  for (let i = 0; i < found.length; i++) {
    let raw = found[i] as string;
    let letters = i;
    while (letters < found.length && /^[A-Za-z]$/.test(found[letters] as string)) letters++;
    // "S T O P" is one word.
    if (letters - i >= 3) {
      raw = found.slice(i, letters).join("");
      i = letters - 1;
    }
    const pair = TWO_WORDS.get(`${raw.toUpperCase()} ${(found[i + 1] ?? "").toUpperCase()}`);
    if (pair !== undefined) i++;
    // Letters held down: STOPPPP, PLEASEEEE.
    const word = raw.toUpperCase().replace(/([A-Z])\1{2,}/g, "$1$1");
    for (const part of (pair ?? ONE_WORD.get(word) ?? word).split(" ")) {
      words.push(part);
      isCapital.push(/^[A-Z][a-z]+$/.test(raw));
      isShouted.push(hasLower && raw.length >= 3 && raw === raw.toUpperCase() && /[A-Z]/.test(raw));
    }
  }
  return { words, isQuestion, isShouted, isCapital };
}
