// Finds the regular expressions of a migration: those to the right of ~ and in the functions that take a pattern.
import type { FoundPattern } from "./find-patterns.ts";

/** A SQL string; a quotation mark in it is doubled. */
const TEXT = "'((?:[^']|'')*)'";
/** An operator, or a function with its first argument up to the pattern. */
const USES = [
  new RegExp(`!?~(\\*?) *${TEXT}`, "g"),
  new RegExp(`\\bsubstring\\([^']{1,200}? from ()${TEXT}`, "g"),
];
const FUNCTION =
  /\bregexp_(?:replace|match|matches|split_to_array|split_to_table|like|count|instr|substr)\(/g;

/** @param path the file's path below the project, for the places */
export function findSqlPatterns(path: string, sql: string): FoundPattern[] {
  // Comments may contain apostrophes, which quote nothing; they are replaced by spaces, so that positions stay.
  const text = sql.replace(/--[^\n]*/g, (comment) => " ".repeat(comment.length));
  const at = (index: number) => `${path}:${text.slice(0, index).split("\n").length}`;
  const found: FoundPattern[] = [];
  for (const use of USES)
    for (const { index, 1: star, 2: source } of text.matchAll(use))
      found.push({ place: at(index), source: translate(source as string), flags: star ? "i" : "" });
  for (const { index, 0: name } of text.matchAll(FUNCTION)) {
    const source = secondArgument(text, index + name.length);
    if (source !== undefined) found.push({ place: at(index), source: translate(source), flags: "" });
  }
  return found;
}

/** The string that is a call's second argument, undefined if that is not a string. */
function secondArgument(sql: string, from: number): string | undefined {
  let depth = 0;
  for (let i = from; i < sql.length; i++) {
    const char = sql[i];
    if (char === "'") {
      i = sql.indexOf("'", i + 1);
      if (i === -1) return undefined;
    } else if (char === "(" || char === "[") depth += 1;
    else if (char === ")" || char === "]") depth -= 1;
    else if (char === "," && depth === 0) return new RegExp(`^\\s*${TEXT}`).exec(sql.slice(i + 1))?.[1];
    if (depth < 0) return undefined;
  }
  return undefined;
}

const CLASSES: Readonly<Record<string, string>> = {
  alnum: "A-Za-z0-9",
  alpha: "A-Za-z",
  digit: "0-9",
  space: "\\s",
  lower: "a-z",
  upper: "A-Z",
  punct: "!-\\/:-@\\[-`{-~",
};

/** Translates a pattern to JavaScript: Postgres has its own notation for word boundaries and classes. */
function translate(source: string): string {
  return source
    .replaceAll("''", "'")
    .replace(/\\[mMy]/g, "\\b")
    .replace(/\\[AZ]/g, (edge) => (edge === "\\A" ? "^" : "$"))
    .replace(/\[:(\w+):\]/g, (whole, name) => CLASSES[name as string] ?? whole);
}
