// Decides what an inbound text is: a wish to stop, to start again, a call for help, a wrong number, or a reply.
import { detectLanguage } from "./detect-language.ts";
import {
  COURTESY,
  KEYWORDS,
  type Keyword,
  MISSPELT_STOP,
  SENTENCE_STOP,
  STRONG_STOP,
  TWILIO_KEYWORDS,
} from "./inbound-keywords.ts";
import { type Phrase, STOP_PHRASES, WRONG_NUMBER_PHRASES } from "./inbound-phrases.ts";
import { normaliseInbound, splitSentences } from "./normalise-inbound.ts";
import type { Language } from "./variables.ts";

export type OptOutType = "STOP" | "START" | "HELP";

export interface InboundClass {
  kind: "stop" | "help" | "start" | "wrong_number" | "reply";
  /** The keyword or the words that decided, normalised; "" for a plain reply. */
  matched: string;
  /** `keyword`: beyond doubt. `phrase`: understood from its words. */
  certainty: "keyword" | "phrase";
  /** A person should look: a revocation by phrase, or a reply that begins like one. */
  review: boolean;
  /** Of the message, as far as it tells (else English). Answer in the campaign's language where the word is STOP. */
  language: Language;
  /** Twilio has answered this already; never answer twice. */
  handledByTwilio: boolean;
}

/** After these a message that begins with STOP speaks of a visit or a thing, and Spanish "alto" means high. */
const STOP_IS_NO_WISH =
  /^(?:STOP (?:BY|IN|AT|OVER|OFF|AND|THERE|HERE|BACK|AROUND|TO|SIGNS?|LIGHTS?|ON|FOR A|WORKING|WORK)|ALTO (?:PRECIO|COSTO|VALOR|INTERES|IMPUESTO|RIESGO|Y|EL|EN))\b/;
/** STOP in capitals within a sentence is a wish, unless the words around it say otherwise. */
const SHOUTED_STOP =
  /(?<!\b(?:[Ww]on'?t|[Dd]on'?t|[Nn]ot|[Nn]ever|[Cc]an'?t|[Bb]us|[Ff]ull) )\bSTOP\b(?! (?:sign|by|in|at|you|light)\b)/;
/** In Spanish "para" opens half of all questions and "ahora" after it means "for now". */
const PARA_COURTESY = new Set("YA POR FAVOR PORFAVOR GRACIAS".split(" "));
/** With these "no" means yes, stop; with the others it would mean the reverse (no pare, no cancele). */
const NO_BEFORE = new Set("STOP STOPALL UNSUBSCRIBE ALTO BASTA".split(" "));

interface Found {
  word: string;
  keyword: Keyword;
}

/** The keyword of a sentence that holds nothing else but courtesy. */
function findKeyword(sentence: string): Found | undefined {
  const whole = KEYWORDS.get(sentence);
  if (whole) return { word: sentence, keyword: whole };
  const words = sentence.split(" ");
  if (words.length > 10) return undefined;
  for (let length = Math.min(3, words.length - 1); length > 0; length--) {
    for (let start = 0; start + length <= words.length; start++) {
      const word = words.slice(start, start + length).join(" ");
      const keyword = KEYWORDS.get(word);
      if (!keyword) continue;
      const rest = [...words.slice(0, start), ...words.slice(start + length)];
      const allowed = word === "PARA" ? PARA_COURTESY : COURTESY;
      if (rest.every((other) => allowed.has(other) || (other === "NO" && NO_BEFORE.has(word))))
        return { word, keyword };
    }
  }
  return undefined;
}

function findPhrase(
  text: string,
  phrases: readonly Phrase[],
): { phrase: Phrase; matched: string; meant: boolean } | undefined {
  let unmeant: { phrase: Phrase; matched: string; meant: boolean } | undefined;
  for (const phrase of phrases) {
    const matched = phrase.pattern.exec(text)?.[0];
    if (matched === undefined) continue;
    if (!phrase.unless?.test(text)) return { phrase, matched, meant: true };
    unmeant ??= { phrase, matched, meant: false };
  }
  return unmeant;
}

/** A message that begins with a stop word and goes on in the same sentence: what does the rest make of it? */
function judgeFirstWord(body: string, text: string): "stop" | "review" | undefined {
  const first = text.split(" ", 1)[0] as string;
  if (KEYWORDS.get(first)?.kind !== "stop") return undefined;
  if (STOP_IS_NO_WISH.test(text)) return "review";
  if (STRONG_STOP.has(first) && !body.trim().endsWith("?")) return "stop";
  // These open ordinary sentences too often to bother anybody: "para cuándo", "fin de semana", "end of May".
  return /^(?:PARA |FIN DE |BAJA |BAJAR |END OF |SALIR )/.test(text) ? undefined : "review";
}

/**
 * Classifies an inbound text. `optOutType` is Twilio's own verdict (`OptOutType`), which wins where it is stricter.
 *
 * In order: a message that is a keyword, courtesy aside ("Stop. Thank you", "por favor, alto"), is certain. A phrase that
 * a reasonable person reads as revocation (47 CFR 64.1200(a)(10)) stops too and is flagged for review. So does a first
 * word STOP or ALTO before other words ("STOP I don't want this"), unless they speak of a visit. Keywords are whole
 * words, never substrings: "this weekend" is not END, "fin de semana" not FIN. YES never re-subscribes, since people
 * answer offers with it.
 */
export function classifyInbound(body: string, optOutType?: OptOutType | null): InboundClass {
  const text = normaliseInbound(body);
  const word = body
    .trim()
    .toUpperCase()
    .replace(/^[^\p{L}\d]+|(?<![^\p{L}\d])[^\p{L}\d]+$/gu, "");
  const handledByTwilio = Boolean(optOutType) || TWILIO_KEYWORDS.has(word);
  const language = detectLanguage(text) ?? "en";
  const result = (found: Partial<InboundClass> & Pick<InboundClass, "kind">): InboundClass => ({
    matched: "",
    certainty: "keyword",
    review: false,
    language,
    handledByTwilio,
    ...found,
  });
  const stopByPhrase = (matched: string, of: Language = language) =>
    result({ kind: "stop", matched, certainty: "phrase", review: true, language: of });

  const whole = findKeyword(text);
  if (optOutType === "STOP")
    return result({
      kind: "stop",
      matched: whole?.word ?? "STOP",
      language: whole?.keyword.language ?? language,
    });
  if (whole?.keyword.kind === "stop") {
    return result({ kind: "stop", matched: whole.word, language: whole.keyword.language });
  }

  const stop = findPhrase(text, STOP_PHRASES);
  if (stop?.meant) return stopByPhrase(stop.matched, stop.phrase.language);
  if (MISSPELT_STOP.test(text)) return stopByPhrase(text, text.startsWith("A") ? "es" : "en");
  if (text === "" && /[🛑🚫⛔]/u.test(body)) return stopByPhrase("STOP SIGN");

  // A sentence of its own that says nothing but stop: "Not interested. STOP", "Fin. Gracias".
  const sentences = splitSentences(body);
  for (const [index, sentence] of sentences.entries()) {
    const found = findKeyword(sentence);
    if (
      found?.keyword.kind === "stop" &&
      (SENTENCE_STOP.has(found.word) || (index === 0 && !/^[^.!;,:\n]*\?/.test(body)))
    ) {
      return stopByPhrase(found.word, found.keyword.language);
    }
  }
  const first = judgeFirstWord(body, text);
  if (first === "stop") {
    const opening = text.split(" ", 1)[0] as string;
    return stopByPhrase(opening, KEYWORDS.get(opening)?.language);
  }
  if (/[a-z]/.test(body) && SHOUTED_STOP.test(body) && !body.trim().endsWith("?"))
    return stopByPhrase("STOP", "en");

  if (optOutType === "HELP" || whole?.keyword.kind === "help") {
    return result({
      kind: "help",
      matched: whole?.word ?? "HELP",
      language: whole?.keyword.language ?? language,
    });
  }
  if (whole?.keyword.kind === "start") {
    return result({ kind: "start", matched: whole.word, language: whole.keyword.language });
  }
  // Twilio took an answer such as YES for an opt-in; ours needs an unmistakable word, so a person looks.
  if (optOutType === "START")
    return result({ kind: "reply", matched: text.slice(0, 40), certainty: "phrase", review: true });

  const wrong = findPhrase(text, WRONG_NUMBER_PHRASES);
  if (wrong) {
    return result({
      kind: "wrong_number",
      matched: wrong.matched,
      certainty: "phrase",
      review: true,
      language: wrong.phrase.language,
    });
  }
  const doubtful = stop !== undefined || first === "review";
  return result({ kind: "reply", matched: stop?.matched ?? "", certainty: "phrase", review: doubtful });
}
