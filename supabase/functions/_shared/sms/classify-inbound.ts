// Decides what an inbound text is: a wish to stop, a wish to start again, a request for help, a wrong number, the news of a death,
// a reaction to our text, an automatic answer, or a reply.
import { confirms, findKeyword, isCourtesy } from "../answers/find-keyword.ts";
import { foldText } from "../answers/fold-text.ts";
import { type Interest, judgeInterest } from "../answers/judge-interest.ts";
import { judgeSentences, judgeStopWords, refuses } from "../answers/judge-stop.ts";
import { matchRules, type RuleMatch } from "../answers/match-rules.ts";
import { readClauses, takeInstructionsOut } from "../answers/read-clauses.ts";
import { RULES_VERSION } from "../answers/rules/all-rules.ts";
import { TWILIO_KEYWORDS } from "../answers/rules/keywords.ts";
import type { RuleKind } from "../answers/rules/rule-language.ts";
import type { Clause } from "../answers/split-words.ts";
import { type Stripped, stripQuotations } from "../answers/strip-quotations.ts";
import { detectLanguage } from "./detect-language.ts";
import type { Language } from "./variables.ts";

export type OptOutType = "STOP" | "START" | "HELP";

export type InboundKind =
  | "stop"
  | "help"
  | "start"
  | "wrong_number"
  | "deceased"
  | "reaction"
  | "automatic"
  | "reply";

/** A kind, and for replies and reactions what they say. */
export type MessageClass =
  | Exclude<InboundKind, "reply" | "reaction">
  | "review"
  | "liked"
  | "disliked"
  | "reaction"
  | "interested"
  | "not_interested"
  | "question"
  | "reply";

export interface InboundClass {
  kind: InboundKind;
  class: MessageClass;
  /** The keyword or the words that decided, normalised; "" for a plain reply. */
  matched: string;
  /** The rule that decided, as kind.language.name; "" for a plain reply. */
  rule: string;
  /** The version of the rules. */
  version: number;
  /** `keyword`: beyond doubt. `phrase`: understood from its words. */
  certainty: "keyword" | "phrase";
  /** Whether a person should look at it: a revocation by phrase, a wrong number, or a reply that may be one. */
  review: boolean;
  /** Whether nothing more may be sent to this person until somebody has looked. */
  holds: boolean;
  interest: Interest | null;
  /** The message's language, English if it can't be told. If the word is STOP, answer in the campaign's language. */
  language: Language;
  /** Twilio has answered this already; never answer twice. */
  handledByTwilio: boolean;
}

type Decided = Pick<InboundClass, "kind"> & Partial<InboundClass>;

/** Whether Twilio has done and answered what a text asks for: it says so, or the text is exactly one of its words. */
function isHandledByTwilio(body: string, optOutType: OptOutType | null | undefined): boolean {
  return Boolean(optOutType) || TWILIO_KEYWORDS.has(body.trim().toUpperCase());
}

/**
 * Classifies an inbound text. `optOutType` is Twilio's own verdict (`OptOutType`), which wins if it is stricter. `sent` is what we
 * last sent to this person, the newest first, so that quotations of it are not taken for the person's words.
 *
 * A message that is only a keyword and courtesy ("Stop. Thank you", "por favor, alto") is certain. What a reasonable person
 * reads as revocation (47 CFR 64.1200(a)(10)) stops too and is flagged for review. If it is in doubt, nothing is sent until
 * a person has looked. YES never re-subscribes, since people answer offers with it.
 */
export function classifyInbound(
  body: string,
  optOutType?: OptOutType | null,
  sent: readonly string[] = [],
): InboundClass {
  const folded = foldText(body);
  const stripped = stripQuotations(folded, sent);
  const clauses = takeInstructionsOut(readClauses(stripped.text));
  const words = clauses.flatMap((clause) => clause.words);
  const language = detectLanguage(words.join(" ")) ?? "en";
  const decided = decide(folded, stripped, clauses, optOutType ?? null);
  const interest = decided.interest ?? null;
  const holds = decided.holds ?? false;
  const plain = clauses.some(({ isQuestion }) => isQuestion) ? "question" : "reply";
  const replyClass = interest === "not_interested" || !holds ? (interest ?? plain) : "review";
  return {
    class: decided.kind === "reply" ? replyClass : (decided.kind as MessageClass),
    matched: "",
    rule: "",
    version: RULES_VERSION,
    certainty: "phrase",
    review: holds,
    holds,
    interest,
    language,
    handledByTwilio: isHandledByTwilio(body, optOutType),
    ...decided,
  };
}

function decide(
  folded: string,
  stripped: Stripped,
  clauses: readonly Clause[],
  optOutType: OptOutType | null,
): Decided {
  const keywords = clauses.map(({ words }) => findKeyword(words));
  const first = keywords.find((found) => found !== undefined);
  const isOnlyKeyword =
    first !== undefined &&
    keywords.every((found, i) =>
      found
        ? found.keyword.kind === first.keyword.kind
        : isCourtesy(clauses[i]?.words ?? []) || confirms(clauses[i]?.words ?? [], first.word),
    );
  const whole = isOnlyKeyword ? first : undefined;
  const keyword = { certainty: "keyword" as const, language: whole?.keyword.language ?? "en" };
  if (optOutType === "STOP")
    return {
      kind: "stop",
      matched: whole?.word ?? "STOP",
      rule: "stop.twilio",
      ...(whole ? keyword : { certainty: "keyword" }),
    };
  if (whole?.keyword.kind === "stop") {
    const misspelt = { certainty: "phrase" as const, review: true };
    return {
      kind: "stop",
      matched: whole.word,
      rule: "stop.keyword",
      ...keyword,
      ...(whole.isSlip ? misspelt : {}),
    };
  }
  const { found, guards } = matchRules(clauses);
  const of = (kind: RuleKind) => found.find(({ rule }) => rule.kind === kind);
  const automatic = of("automatic");
  const stop = decideStop(clauses, keywords, { found, guards }, folded, stripped);
  if (automatic && stop?.kind !== "stop") return named("automatic", automatic);
  // "Out of office. Stop texting me" has both; a machine's advice how to opt out must not count as a wish.
  if (automatic && stop) return { ...named("automatic", automatic), holds: true };
  if (stop?.kind === "stop") return stop;

  if (optOutType === "HELP" || whole?.keyword.kind === "help")
    return {
      kind: "help",
      matched: whole?.word ?? "HELP",
      rule: "help.keyword",
      ...(whole ? keyword : { certainty: "keyword" }),
    };
  if (whole?.keyword.kind === "start")
    return { kind: "start", matched: whole.word, rule: "start.keyword", ...keyword };
  if (stripped.reaction !== null && clauses.length === 0)
    return {
      kind: "reaction",
      class: stripped.reaction,
      matched: stripped.wrapper,
      rule: `reaction.${stripped.reaction}`,
    };

  const interest = judgeInterest(clauses, found);
  const said = {
    interest: interest?.interest ?? null,
    rule: interest?.rule ?? "",
    matched: interest?.phrase ?? "",
  };
  // Twilio took an answer such as YES for an opt-in; ours needs an unmistakable word, so a person looks.
  if (optOutType === "START")
    return {
      kind: "reply",
      ...said,
      matched: clauses
        .map(({ words }) => words.join(" "))
        .join(" ")
        .slice(0, 40),
      review: true,
    };
  const deceased = of("deceased");
  if (deceased) return { ...named("deceased", deceased), review: true, holds: true };
  const wrong = of("wrong_number");
  if (wrong) return { ...named("wrong_number", wrong), review: true };
  const doubt = stop ?? reviewOf(of("review"));
  return doubt ? { ...said, ...doubt, interest: said.interest } : { kind: "reply", ...said };
}

/** A wish to stop, or a reply that may be one; undefined for all else. */
function decideStop(
  clauses: readonly Clause[],
  keywords: readonly ReturnType<typeof findKeyword>[],
  { found, guards }: ReturnType<typeof matchRules>,
  folded: string,
  stripped: Stripped,
): Decided | undefined {
  const stopBy = (rule: string, matched: string, language: Language): Decided => ({
    kind: "stop",
    matched,
    rule,
    language,
    review: true,
  });
  const phrase = found.find(({ rule }) => rule.kind === "stop");
  if (phrase) return stopBy(phrase.rule.id, phrase.phrase, phrase.rule.language);
  if (clauses.length === 0) {
    if (stripped.reaction === null && /[🖕🤬]/u.test(folded))
      return { kind: "reply", holds: true, rule: "review.emoji", matched: "EMOJI" };
    if (stripped.reaction === null && /[🛑🚫⛔✋]/u.test(folded))
      return stopBy("stop.sign", "STOP SIGN", "en");
    // Nothing but words of ours, and one of them is STOP: is that an answer or a quotation?
    return stripped.reaction === null && stripped.hadOurs && /\b(?:STOP|ALTO)\b/i.test(folded)
      ? { kind: "reply", holds: true, rule: "review.quotation", matched: "STOP" }
      : undefined;
  }
  const verdict =
    judgeSentences(clauses, keywords) ??
    // "I accidentally replied stop, please send the offer."
    (guards.has("accident") ? undefined : judgeStopWords(clauses, refuses(clauses, found)));
  if (verdict === undefined) return undefined;
  return verdict.verdict === "stop"
    ? stopBy(verdict.rule, verdict.phrase, verdict.language)
    : { kind: "reply", holds: true, rule: verdict.rule, matched: verdict.phrase };
}

function named(kind: InboundKind, { rule, phrase }: RuleMatch): Decided {
  return { kind, matched: phrase, rule: rule.id, language: rule.language };
}

function reviewOf(match: RuleMatch | undefined): Decided | undefined {
  return match && { ...named("reply", match), holds: true };
}

/** Whether a plain reply says that its owner would sell, or would not; undefined if it does not say. */
export function classifyInterest(body: string): Interest | undefined {
  const clauses = readClauses(stripQuotations(foldText(body), []).text);
  return judgeInterest(clauses, matchRules(clauses).found)?.interest;
}
