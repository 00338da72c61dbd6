// The little language in which rules are written, so that they are data. It has no loops: matching takes linear time.
//
//   STOP|QUIT      one of these words              MY_NUMBER    these words, one after the other
//   <TEXTING>      a word of this set              ESCRIB~      any word that begins so
//   PLEASE?        may be missing                  *3           up to three words of any kind
//   ^ and $        the clause's beginning and end, beside which courtesy is not counted
//   !I|WE          the word before is none of these; >BY the word after is none of these
//   %              no negation before it ("don't stop")
//   @              no question mark ends the clause

export type RuleKind =
  | "stop"
  | "review"
  | "wrong_number"
  | "deceased"
  | "automatic"
  | "interested"
  | "not_interested"
  | "refusal"
  | "guard";

export interface RuleList {
  kind: RuleKind;
  language: "en" | "es";
  /** Name, pattern, and optionally the name of a guard: if that matches anywhere in the text, the rule does not count. "+name" demands the match. */
  rules: readonly (readonly [name: string, pattern: string, unless?: string])[];
}

interface Choice {
  /** Whether the end of the clause is a choice too. */
  isEnd: boolean;
  exact: ReadonlyMap<string, readonly (readonly string[])[]>;
  beginnings: readonly string[];
}
type Part =
  | { type: "choice"; choice: Choice; isOptional: boolean }
  | { type: "gap"; most: number }
  | { type: "start" | "end" | "affirmed" | "stated" }
  | { type: "not_before" | "not_after"; choice: Choice };

export interface Pattern {
  parts: readonly Part[];
}

export type WordSets = Readonly<Record<string, string>>;

function readChoice(source: string, sets: WordSets): Choice {
  const exact = new Map<string, (readonly string[])[]>();
  const beginnings: string[] = [];
  let isEnd = false;
  for (const one of source.split("|").flatMap((word) => expandSet(word, sets))) {
    if (one === "$") {
      isEnd = true;
      continue;
    }
    if (one.endsWith("~")) {
      beginnings.push(one.slice(0, -1));
      continue;
    }
    const [first, ...rest] = one.split("_") as [string, ...string[]];
    exact.set(
      first,
      [...(exact.get(first) ?? []), rest].sort((a, b) => b.length - a.length),
    );
  }
  return { isEnd, exact, beginnings };
}

function expandSet(word: string, sets: WordSets): string[] {
  if (!word.startsWith("<")) return [word];
  const set = sets[word.slice(1, -1)];
  if (set === undefined) throw new Error(`there is no set of words ${word}`);
  return set
    .split(/[\s|]+/)
    .filter(Boolean)
    .flatMap((one) => expandSet(one, sets));
}

export function readPattern(source: string, sets: WordSets): Pattern {
  const parts = source.split(" ").map((item): Part => {
    if (item === "^") return { type: "start" };
    if (item === "$") return { type: "end" };
    if (item === "%") return { type: "affirmed" };
    if (item === "@") return { type: "stated" };
    if (item.startsWith("*")) return { type: "gap", most: Number(item.slice(1)) };
    if (item.startsWith("!")) return { type: "not_before", choice: readChoice(item.slice(1), sets) };
    if (item.startsWith(">")) return { type: "not_after", choice: readChoice(item.slice(1), sets) };
    const isOptional = item.endsWith("?");
    return { type: "choice", choice: readChoice(isOptional ? item.slice(0, -1) : item, sets), isOptional };
  });
  return { parts };
}

/** All words that a pattern names, for the spelling of others. */
export function wordsOf(pattern: Pattern): string[] {
  return pattern.parts.flatMap((part) =>
    "choice" in part ? [...part.choice.exact].flatMap(([first, rests]) => [first, ...rests.flat()]) : [],
  );
}

/** The words and beginnings with which a match can begin; null if any word can. */
export function openingsOf(pattern: Pattern): { words: string[]; beginnings: string[] } | null {
  const words: string[] = [];
  const beginnings: string[] = [];
  for (const part of pattern.parts) {
    if (part.type === "gap" || part.type === "end") return null;
    if (part.type !== "choice") continue;
    words.push(...part.choice.exact.keys());
    beginnings.push(...part.choice.beginnings);
    if (part.choice.isEnd) return null;
    if (!part.isOptional) return { words, beginnings };
  }
  return null;
}

export interface Surroundings {
  words: readonly string[];
  /** The first word that is not courtesy, and the index after the last one. */
  start: number;
  end: number;
  isNegated: (at: number) => boolean;
  isQuestion: boolean;
}

/** The index after each way to match a choice at a word. */
function* endsOf(choice: Choice, { words, end }: Surroundings, at: number): Generator<number> {
  const word = words[at];
  if (choice.isEnd && at >= end) yield at;
  if (word === undefined) return;
  for (const rest of choice.exact.get(word) ?? [])
    if (rest.every((next, i) => words[at + 1 + i] === next)) yield at + 1 + rest.length;
  if (choice.beginnings.some((beginning) => word.startsWith(beginning))) yield at + 1;
}

/** The index after the match of a pattern that begins at a word, undefined if it doesn't match there. */
export function matchAt(pattern: Pattern, text: Surroundings, at: number, part = 0): number | undefined {
  const next = pattern.parts[part];
  if (next === undefined) return at;
  const go = (to: number) => matchAt(pattern, text, to, part + 1);
  switch (next.type) {
    case "start":
      return at <= text.start ? go(at) : undefined;
    case "end":
      return at >= text.end ? go(at) : undefined;
    case "affirmed":
      return text.isNegated(at) ? undefined : go(at);
    case "stated":
      return text.isQuestion ? undefined : go(at);
    case "not_before":
      for (const [first, rests] of next.choice.exact)
        for (const rest of rests) {
          const from = at - 1 - rest.length;
          if (text.words[from] === first && rest.every((word, i) => text.words[from + 1 + i] === word))
            return undefined;
        }
      return go(at);
    case "not_after":
      return endsOf(next.choice, text, at).next().done ? go(at) : undefined;
    case "gap":
      for (let skipped = 0; skipped <= next.most && at + skipped <= text.words.length; skipped++) {
        const end = go(at + skipped);
        if (end !== undefined) return end;
      }
      return undefined;
    case "choice":
      for (const to of endsOf(next.choice, text, at)) {
        const end = go(to);
        if (end !== undefined) return end;
      }
      return next.isOptional ? go(at) : undefined;
  }
}
