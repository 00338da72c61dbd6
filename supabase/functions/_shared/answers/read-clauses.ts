// Reads the clauses of a text with their words in the spelling of the rules, and takes quoted instructions out.
import { isCourtesy } from "./find-keyword.ts";
import { BY_SOUND, KNOWN_WORDS, surround } from "./match-rules.ts";
import { FIRST_NAMES } from "./rules/first-names.ts";
import { COURTESY, KEYWORDS } from "./rules/keywords.ts";
import { matchAt, readPattern } from "./rules/rule-language.ts";
import { WORD_SETS } from "./rules/word-sets.ts";
import { correctWord, isStopMisspelt, splitGlued } from "./spelling.ts";
import { type Clause, splitClauses } from "./split-words.ts";

/** Words after which a name is taken for one: "no soy María", "I'm not Mr. Hernandez". */
const BEFORE_NAMES = new Set(
  (
    "NOT ISNT SOY ES A ANY NO NAMED KNOW MR MRS MS DR SR SRA SENOR SENORA DON DONA NINGUN NINGUNA DE " +
    "LLAMO CONOZCO SOMEBODY OF LONGER"
  ).split(" "),
);

/** A name in the place of one is the word SOMEBODY, so that rules need not name it. */
function nameOr(word: string, before: string | undefined, isCapital: boolean): string {
  if (before === undefined || !BEFORE_NAMES.has(before)) return word;
  if (FIRST_NAMES.has(word)) return "SOMEBODY";
  if (word.endsWith("S") && FIRST_NAMES.has(word.slice(0, -1))) return "SOMEBODYS";
  return isCapital && word.length >= 3 && !KNOWN_WORDS.has(word) ? "SOMEBODY" : word;
}

export function readClauses(folded: string): Clause[] {
  return splitClauses(folded).map((clause) => {
    const words: string[] = [];
    const isShouted: boolean[] = [];
    const isCapital: boolean[] = [];
    for (const [i, word] of clause.words.entries()) {
      // A misspelt STOP that stands alone is judged by itself (see findKeyword).
      if (isStopMisspelt(word) && clause.words.some((other) => other !== word && !COURTESY.has(other))) {
        words.push("STOP");
        isShouted.push(false);
        isCapital.push(false);
        continue;
      }
      const name = nameOr(word, words.at(-1), clause.isCapital[i] ?? false);
      const read = name !== word || KEYWORDS.has(word) ? name : correctWord(word, KNOWN_WORDS, BY_SOUND);
      for (const part of splitGlued(word) ?? [read]) {
        words.push(part);
        isShouted.push(clause.isShouted[i] ?? false);
        isCapital.push(clause.isCapital[i] ?? false);
      }
    }
    return { words, isShouted, isCapital, isQuestion: clause.isQuestion };
  });
}

/** How texts say what to answer: "Reply STOP to opt out", "STOP to end". */
const INSTRUCTIONS = [
  "REPLY|TEXT|SEND|RESPOND|ANSWER|TYPE|RESPONDA|RESPONDE|RESPONDER|ENVIE|ENVIAR|MANDE|TEXTEE|CONTESTE|" +
    "CONTESTA|ESCRIBA|REPLYING " +
    "WITH|CON|BACK|THE|LA|WORD|PALABRA? STOP|ALTO|BAJA|PARAR|CANCELAR|END|QUIT|CANCEL|UNSUBSCRIBE >ME|<TEXTING>|<MSGS> TO|2|PARA? " +
    "STOP|END|QUIT|CANCEL|UNSUBSCRIBE|OPT_OUT|OPTOUT|BE_REMOVED|SALIR|CANCELAR|PARAR|NO_RECIBIR_MAS|" +
    "NO_RECIBIR|DEJAR_DE_RECIBIR|TERMINAR|" +
    "STOP_RECEIVING|STOP_MESSAGES|DARSE_DE_BAJA? MENSAJES|MAS|TEXTOS|MESSAGES|TEXTS?",
  "STOP|ALTO|BAJA|END TO|2|PARA STOP|END|QUIT|CANCEL|UNSUBSCRIBE|OPT_OUT|OPTOUT|BE_REMOVED|SALIR|" +
    "CANCELAR|PARAR|NO_RECIBIR " +
    "MENSAJES|MAS|TEXTOS|MESSAGES|TEXTS?",
  "TO OPT_OUT|UNSUBSCRIBE REPLY|TEXT|SEND STOP",
].map((source) => readPattern(source, WORD_SETS));

/**
 * Clauses without instructions of that kind, which the person quotes. If the text says nothing else, the person follows the
 * instruction, and it stays.
 */
export function takeInstructionsOut(clauses: readonly Clause[]): readonly Clause[] {
  let followed: string | undefined;
  const rest = clauses.map((clause) => {
    const text = surround(clause.words);
    for (let at = 0; at < clause.words.length; at++) {
      for (const pattern of INSTRUCTIONS) {
        const to = matchAt(pattern, text, at);
        if (to === undefined) continue;
        followed ??= clause.words.slice(at, to).find((word) => KEYWORDS.get(word)?.kind === "stop");
        const keep = <T>(list: readonly T[]) => [...list.slice(0, at), ...list.slice(to)];
        const { words, isShouted, isCapital } = clause;
        return { ...clause, words: keep(words), isShouted: keep(isShouted), isCapital: keep(isCapital) };
      }
    }
    return clause;
  });
  if (followed === undefined) return clauses;
  if (rest.every(({ words }) => isCourtesy(words)))
    return [{ words: [followed], isShouted: [false], isCapital: [false], isQuestion: false }];
  return rest.filter(({ words }) => words.length > 0);
}
