// Decides whether a reply says that the owner would sell, or would not.
import type { RuleMatch } from "./match-rules.ts";
import { NO_WORDS, YES_WORDS } from "./rules/interest.ts";
import { COURTESY } from "./rules/keywords.ts";
import type { Clause } from "./split-words.ts";

export type Interest = "interested" | "not_interested";

export interface JudgedInterest {
  interest: Interest;
  rule: string;
  phrase: string;
}

/**
 * Judges a plain reply to the question whether somebody would sell their land; undefined if the reply does not say, or says
 * both. Interest counts only outside the words of a refusal ("not " +
   "interested"). YES and NO count only if the text says
 * nothing else: "Yes, who is this?" is a question.
 */
export function judgeInterest(
  clauses: readonly Clause[],
  found: readonly RuleMatch[],
): JudgedInterest | undefined {
  const no = found.filter(({ rule }) => rule.kind === "not_interested");
  const yes = found.find(
    (match) =>
      match.rule.kind === "interested" &&
      !no.some(({ clause, from, to }) => clause === match.clause && from < match.to && match.from < to),
  );
  const named = (match: RuleMatch, interest: Interest) => ({
    interest,
    rule: match.rule.id,
    phrase: match.phrase,
  });
  const refusal = no[0];
  if (yes && refusal) return undefined;
  if (yes) return named(yes, "interested");
  if (refusal) return named(refusal, "not_interested");
  if (clauses.some(({ isQuestion }) => isQuestion)) return undefined;
  const said = clauses
    .flatMap(({ words }) => words)
    .filter((word) => !COURTESY.has(word) && word !== "QUE" && word !== "THE");
  const all = (set: ReadonlySet<string>) => said.length > 0 && said.every((word) => set.has(word));
  if (all(YES_WORDS)) return { interest: "interested", rule: "interested.yes", phrase: said.join(" ") };
  if (all(NO_WORDS)) return { interest: "not_interested", rule: "not_interested.no", phrase: said.join(" ") };
  return undefined;
}
