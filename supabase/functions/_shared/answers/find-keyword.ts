// Finds the stop, start or help word of a clause that says nothing else.
import { surround } from "./match-rules.ts";
import { COURTESY, KEYWORDS, type Keyword, UNUSUAL } from "./rules/keywords.ts";
import { findSlip } from "./spelling.ts";

export interface FoundKeyword {
  word: string;
  keyword: Keyword;
  /** Whether the word was misspelt or unusual. */
  isSlip: boolean;
}

/** The courtesy allowed around "para", which opens half of all Spanish questions. "Ahora" after it means "for now". */
const PARA_COURTESY = new Set("YA POR FAVOR GRACIAS".split(" "));
/** Beside these, "no" confirms the wish to stop; beside the other words it would mean the opposite (no pare, no cancele). */
const NO_BEFORE = new Set("STOP STOPALL UNSUBSCRIBE ALTO BASTA UNSUB REMOVE".split(" "));
/** Answers to our question, beside which those words still stop: "no stop", "yes stop". */
const ANSWERS = new Set("NO YES YEAH YEP SI NOPE NAH".split(" "));
/** Words that people split by mistake: ST OP. */
const SPLIT = new Set("STOP ALTO UNSUBSCRIBE CANCEL CANCELAR QUIT REMOVE REVOKE OPTOUT STOPALL".split(" "));
const MOST_WORDS = 12;

export const isCourtesy = (words: readonly string[]) => words.every((word) => COURTESY.has(word));

/** Whether a clause only says no, which confirms a wish to stop beside it. */
export const confirms = (words: readonly string[], keyword: string) =>
  NO_BEFORE.has(keyword) && words.every((word) => COURTESY.has(word) || word === "NO");

/** The keyword of a clause that holds nothing but it and courtesy. */
export function findKeyword(words: readonly string[]): FoundKeyword | undefined {
  if (words.length > MOST_WORDS) return undefined;
  const whole = found(words.join(" "));
  if (whole) return whole;
  const { start, end } = surround(words);
  let said = words.slice(start, end);
  const joined = said.join("");
  if (
    said.length === 2 &&
    !KEYWORDS.has(said.join(" ")) &&
    SPLIT.has(joined) &&
    !KEYWORDS.has(said[0] as string)
  )
    return found(joined, true);
  // "Stop stop": once is enough.
  said = said.filter((word, i) => word !== said[i - 1]);
  const spoken = found(said.join(" "));
  if (spoken) return spoken;
  const hasNo = said.some((word) => ANSWERS.has(word));
  // A stray letter or figure beside STOP: "STOP T", "Stop 2". Beside other words it belongs to them: "exit 12".
  const isStray = (word: string) => said.includes("STOP") && /^(?:[A-Z]|\d{1,2})$/.test(word);
  const [first, ...rest] = said.filter((word) => !COURTESY.has(word) && !ANSWERS.has(word) && !isStray(word));
  if (first === undefined) return undefined;
  const phrase = [first, ...rest].join(" ");
  const keyword = KEYWORDS.get(phrase);
  if (keyword) {
    if (hasNo && !NO_BEFORE.has(phrase)) return undefined;
    if (phrase === "PARA" && words.some((word) => word !== "PARA" && !PARA_COURTESY.has(word)))
      return undefined;
    return found(phrase);
  }
  if (rest.length > 0) return undefined;
  const slip = findSlip(first);
  return slip === undefined || (hasNo && !NO_BEFORE.has(slip)) ? undefined : found(slip, true);
}

function found(word: string, isSlip = UNUSUAL.has(word)): FoundKeyword | undefined {
  const keyword = KEYWORDS.get(word);
  return keyword && { word, keyword, isSlip };
}
