// Judges stop words within longer texts: a sentence of its own, the first or last word of one, capitals.
import { type FoundKeyword, findKeyword } from "./find-keyword.ts";
import { type RuleMatch, surround } from "./match-rules.ts";
import { KEYWORDS, SENTENCE_STOP, STRONG_STOP } from "./rules/keywords.ts";
import {
  ALTO_IS_NO_WISH,
  ALTO_IS_WISH,
  ASKS,
  BEGINS_SENTENCES,
  DESCRIBES,
  NO_WISH_BEFORE,
  PLACES,
  REFUSES,
  STOP_IS_NO_WISH,
  STOP_IS_WISH,
} from "./rules/stop-surroundings.ts";
import type { Clause } from "./split-words.ts";

export interface StopVerdict {
  verdict: "stop" | "review" | "no_wish";
  rule: string;
  phrase: string;
  language: "en" | "es";
}

const languageOf = (word: string) => KEYWORDS.get(word)?.language ?? "en";
const say = (verdict: StopVerdict["verdict"], rule: string, word: string): StopVerdict => ({
  verdict,
  rule,
  phrase: word,
  language: languageOf(word),
});

/** Whether the text refuses, or says that nobody is interested there: a stop word that ends it belongs to that. */
export function refuses(clauses: readonly Clause[], found: readonly RuleMatch[]): boolean {
  return (
    found.some(({ rule }) => rule.kind === "not_interested" || rule.kind === "wrong_number") ||
    clauses.some(({ words }) => words.some((word) => REFUSES.has(word)))
  );
}

/** A clause of its own that says nothing but stop: "Not interested. STOP", "Fin. Gracias". */
export function judgeSentences(
  clauses: readonly Clause[],
  keywords: readonly (FoundKeyword | undefined)[],
): StopVerdict | undefined {
  for (const [index, found] of keywords.entries()) {
    if (found?.keyword.kind !== "stop") continue;
    const next = clauses[index + 1]?.words[0];
    // "Alto, TX": a place.
    if (next !== undefined && (PLACES.has(next) || /^\d{5}$/.test(next))) continue;
    const isFirst = index === 0 && !clauses[0]?.isQuestion;
    if (found.isSlip && clauses.length > 2) continue;
    if (clauses[index]?.isQuestion && clauses.length > 1 && found.word !== "STOP" && found.word !== "ALTO")
      return say("review", "review.asked", found.word);
    if (SENTENCE_STOP.has(found.word)) {
      // "Full stop, 100k is my number" is no sentence of one word, "exit 12, stop, then left" directs the way.
      return say("stop", "stop.sentence", found.word);
    }
    if (isFirst && !found.isSlip) {
      const follows = clauses.slice(1).some(({ isQuestion }) => isQuestion);
      return say(
        follows && !STRONG_STOP.has(found.word) ? "review" : "stop",
        "stop.first_sentence",
        found.word,
      );
    }
  }
  return undefined;
}

/** A clause that begins with a stop word and goes on. */
function judgeFirstWord({ words, isQuestion }: Clause): StopVerdict | undefined {
  const { start, end } = surround(words);
  const word = words[start];
  const next = words[start + 1];
  if (word === undefined || next === undefined || start + 1 >= end) return undefined;
  if (KEYWORDS.get(word)?.kind !== "stop" || !STRONG_STOP.has(word)) {
    if (KEYWORDS.get(word)?.kind !== "stop" || BEGINS_SENTENCES.has(word)) return undefined;
    return undefined;
  }
  const two = `${next} ${words[start + 2] ?? ""}`;
  if (word === "ALTO" || word === "HALTO") {
    if (ALTO_IS_NO_WISH.has(next) || PLACES.has(next) || /^\d/.test(next))
      return say("no_wish", "no_wish.alto", word);
    return say(ALTO_IS_WISH.has(next) && !isQuestion ? "stop" : "review", "stop.first_word", word);
  }
  if (word === "STOP") {
    if (STOP_IS_NO_WISH.has(two.trim()) || (STOP_IS_NO_WISH.has(next) && !STOP_IS_WISH.has(two.trim())))
      return say("no_wish", "no_wish.stop", `STOP ${next}`);
    if (/^(?:AT|A|FOR|AND|N|ON|TO|OF)$/.test(next) && !STOP_IS_WISH.has(two.trim()))
      return say("review", "review.stop", `STOP ${next}`);
  }
  if (word === "BASTA" && next === "CON") return say("no_wish", "no_wish.basta", word);
  if (word === "BASTA" && /^(?:CON|DE|Y|PARA)$/.test(next)) return say("review", "review.basta", word);
  return say(isQuestion ? "review" : "stop", "stop.first_word", word);
}

/** A clause that ends with a stop word: "not interested stop". */
function judgeLastWord({ words, isQuestion }: Clause, isRefusal: boolean): StopVerdict | undefined {
  const { start, end } = surround(words);
  const word = words[end - 1];
  const before = words[end - 2];
  if (word === undefined || before === undefined || end - 1 <= start || !STRONG_STOP.has(word))
    return undefined;
  // "I am begging you once more to stop": told to us, so it may be a wish.
  if (before === "TO" && words.includes("YOU") && !isQuestion) return say("review", "review.to_stop", word);
  if (
    NO_WISH_BEFORE.has(before) ||
    (before === "IT" && !isRefusal) ||
    isQuestion ||
    ASKS.has(words[start] as string) ||
    ((word === "ALTO" || word === "BASTA") && DESCRIBES.has(words[start] as string))
  )
    return undefined;
  if (words.slice(start, end).some((one) => PLACES.has(one) && one !== word)) return undefined;
  return say(isRefusal ? "stop" : "review", "stop.last_word", word);
}

/** STOP in capitals within a sentence is a wish to stop, unless the words around it say otherwise. */
function judgeShouted({ words, isShouted, isQuestion }: Clause): StopVerdict | undefined {
  const at = words.findIndex((word, i) => word === "STOP" && isShouted[i]);
  if (at <= 0 || isQuestion) return undefined;
  const [before, next] = [words[at - 1] as string, words[at + 1]];
  const two = `${next ?? ""} ${words[at + 2] ?? ""}`.trim();
  if (
    NO_WISH_BEFORE.has(before) ||
    (next !== undefined && (STOP_IS_NO_WISH.has(next) || STOP_IS_NO_WISH.has(two)))
  )
    return undefined;
  if (ASKS.has(words[0] as string)) return undefined;
  return say("stop", "stop.capitals", "STOP");
}

/** Judges the stop words of clauses that say other things too. */
export function judgeStopWords(clauses: readonly Clause[], isRefusal: boolean): StopVerdict | undefined {
  let doubt: StopVerdict | undefined;
  for (const clause of clauses) {
    if (findKeyword(clause.words)) continue;
    for (const verdict of [judgeFirstWord(clause), judgeShouted(clause), judgeLastWord(clause, isRefusal)]) {
      if (verdict?.verdict === "stop") return verdict;
      if (verdict?.verdict === "no_wish") break;
      doubt ??= verdict;
    }
  }
  return doubt;
}
