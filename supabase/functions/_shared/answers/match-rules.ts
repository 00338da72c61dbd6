// Finds the rules that a text's clauses match.
import type { Language } from "../sms/variables.ts";
import { ALL_RULES } from "./rules/all-rules.ts";
import { COURTESY } from "./rules/keywords.ts";
import {
  matchAt,
  openingsOf,
  type Pattern,
  type RuleKind,
  readPattern,
  type Surroundings,
  wordsOf,
} from "./rules/rule-language.ts";
import { WORD_SETS } from "./rules/word-sets.ts";
import { soundOf } from "./spelling.ts";
import type { Clause } from "./split-words.ts";

export interface Rule {
  /** Kind, language and name: stop.en.remove me. */
  id: string;
  kind: RuleKind;
  language: Language;
  pattern: Pattern;
  unless: readonly string[];
  guard: string | undefined;
}

export interface RuleMatch {
  rule: Rule;
  clause: number;
  from: number;
  to: number;
  /** The words that matched. */
  phrase: string;
}

const RULES: readonly Rule[] = ALL_RULES.flatMap(({ kind, language, rules }) =>
  rules.map(([name, source, unless]) => ({
    id: `${kind}.${language}.${name.replaceAll(" ", "_")}`,
    kind,
    language,
    pattern: readPattern(source, WORD_SETS),
    unless: unless?.split("|") ?? [],
    guard: kind === "guard" ? name : undefined,
  })),
);
const BEGINNING = 4;
/** Rules by the first word of a match, by its first letters, and those that any word can begin. */
const BY_WORD = new Map<string, Rule[]>();
const BY_BEGINNING = new Map<string, Rule[]>();
const ANYWHERE: Rule[] = [];
for (const rule of RULES) {
  const openings = openingsOf(rule.pattern);
  if (openings === null) {
    ANYWHERE.push(rule);
    continue;
  }
  for (const word of new Set(openings.words)) BY_WORD.set(word, [...(BY_WORD.get(word) ?? []), rule]);
  for (const start of new Set(openings.beginnings.map((one) => one.slice(0, BEGINNING))))
    BY_BEGINNING.set(start, [...(BY_BEGINNING.get(start) ?? []), rule]);
}

export const KNOWN_WORDS: ReadonlySet<string> = new Set([
  ...RULES.flatMap(({ pattern }) => wordsOf(pattern)),
  ...COURTESY,
]);
/** Spanish words of the rules by their sound. */
export const BY_SOUND: ReadonlyMap<string, string> = new Map(
  RULES.filter(({ language, kind }) => language === "es" && kind !== "guard")
    .flatMap(({ pattern }) => wordsOf(pattern))
    .filter((word) => word.length >= 5)
    .map((word): [string, string] => [soundOf(word), word]),
);

const NEGATIONS = new Set(
  (
    "DONT NOT NEVER DIDNT WONT CANT DOESNT WOULDNT HAVENT HASNT CANNOT DID SHOULDNT WASNT ISNT WITHOUT " +
    "NO_NEED"
  ).split(" "),
);
/** Words that may stand between a negation and what it negates: "I don't want you to stop". */
const BETWEEN = new Set(
  "EVER YOU EVEN WANT WISH TO REALLY MEAN NEED HAVE PLAN PLEASE JUST GOING BE THEM TRYING ASKING".split(" "),
);

function isNegated(words: readonly string[], at: number): boolean {
  let i = at - 1;
  while (i >= 0 && BETWEEN.has(words[i] as string)) i--;
  return i >= 0 && NEGATIONS.has(words[i] as string);
}

/** A clause with the bounds of what is no courtesy. */
export function surround(words: readonly string[], isQuestion = false): Surroundings {
  let start = 0;
  while (start < words.length && COURTESY.has(words[start] as string)) start++;
  let end = words.length;
  while (end > start && COURTESY.has(words[end - 1] as string)) end--;
  return { words, start, end, isNegated: (at) => isNegated(words, at), isQuestion };
}

/** All matches in all clauses, one for each rule and clause; those whose guard matches anywhere are left out. */
export function matchRules(clauses: readonly Clause[]): { found: RuleMatch[]; guards: ReadonlySet<string> } {
  const all: RuleMatch[] = [];
  for (const [index, { words, isQuestion }] of clauses.entries()) {
    const text = surround(words, isQuestion);
    const done = new Set<Rule>();
    const attempt = (rules: readonly Rule[] | undefined, at: number) => {
      for (const rule of rules ?? []) {
        if (done.has(rule)) continue;
        const to = matchAt(rule.pattern, text, at);
        if (to === undefined) continue;
        if (rule.kind !== "not_interested") done.add(rule);
        all.push({ rule, clause: index, from: at, to, phrase: words.slice(at, to).join(" ") });
      }
    };
    for (const [at, word] of words.entries()) {
      attempt(BY_WORD.get(word), at);
      attempt(BY_BEGINNING.get(word.slice(0, BEGINNING)), at);
      for (let length = 1; length < BEGINNING && length <= word.length; length++)
        attempt(BY_BEGINNING.get(word.slice(0, length)), at);
      attempt(ANYWHERE, at);
    }
  }
  const guards = new Set(all.flatMap(({ rule }) => rule.guard ?? []));
  const found = all.filter(({ rule }) => rule.kind !== "guard");
  const isGuarded = ({ rule }: RuleMatch) =>
    rule.unless.some((name) => (name.startsWith("+") ? !guards.has(name.slice(1)) : guards.has(name)));
  return { found: found.filter((one) => !isGuarded(one)), guards };
}
