// No regular expression may take more than linear time on any text: tenants, people who write and services choose the texts,
// and a worker is killed after two seconds of CPU. A public checker (recheck) judges every pattern and also finds quadratic ones.
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { check } from "recheck";
import { PROJECT_DIR } from "../../tools/run-tool.ts";
import { type FoundPattern, type FoundPatterns, findPatterns, type UnknownPattern } from "./find-patterns.ts";
import { findSqlPatterns } from "./find-sql-patterns.ts";

const FUNCTIONS = "supabase/functions";
const SCHEMAS = "supabase/schemas";
export const ACCEPTED_PATTERNS_PATH = "supabase/patterns-accepted.json";
/** A fixed seed and long time-outs make verdicts independent of chance and load. The slowest pattern takes a few seconds. */
const OPTIONS = { timeout: 120_000, randomSeed: 1, incubationTimeout: 2_000, attackTimeout: 10_000 };

/** A pattern made of more than constants that a person has checked. */
export interface AcceptedPattern {
  path: string;
  expression: string;
  reason: string;
}

/** @returns complaints with file and line, empty where all patterns are linear */
export async function checkPatterns(): Promise<string[]> {
  const accepted: AcceptedPattern[] = JSON.parse(
    await readFile(join(PROJECT_DIR, ACCEPTED_PATTERNS_PATH), "utf8"),
  );
  const found: FoundPatterns = { known: [], unknown: [] };
  for (const path of await filesOf(FUNCTIONS, ".ts")) {
    const { known, unknown } = findPatterns(path, await readFile(join(PROJECT_DIR, path), "utf8"));
    found.known.push(...known);
    found.unknown.push(...unknown);
  }
  for (const path of await filesOf(SCHEMAS, ".sql"))
    found.known.push(...findSqlPatterns(path, await readFile(join(PROJECT_DIR, path), "utf8")));
  return [...judgeUnknown(found.unknown, accepted), ...(await judgePatterns(found.known))];
}

async function filesOf(folder: string, ending: string): Promise<string[]> {
  const names = await readdir(join(PROJECT_DIR, folder), { recursive: true });
  return names
    .filter((name) => name.endsWith(ending))
    .map((name) => join(folder, name))
    .sort();
}

/** An acceptance that no longer matches any pattern is a complaint too, or the list would only ever grow. */
export function judgeUnknown(
  unknown: readonly UnknownPattern[],
  accepted: readonly AcceptedPattern[],
): string[] {
  const accepts = (one: AcceptedPattern, { path, expression }: UnknownPattern) =>
    one.path === path && one.expression === expression;
  const refused = unknown.filter((pattern) => !accepted.some((one) => accepts(one, pattern)));
  const idle = accepted.filter((one) => !unknown.some((pattern) => accepts(one, pattern)));
  return [
    ...refused.map(
      ({ place, expression }) =>
        `${place}: ${expression} is made of more than constants. Write a constant pattern, or accept it with a reason in ${ACCEPTED_PATTERNS_PATH}.`,
    ),
    ...idle.map(
      ({ path }) => `${ACCEPTED_PATTERNS_PATH}: a pattern of ${path} is not there any more: remove it`,
    ),
    ...accepted
      .filter(({ reason }) => !reason?.trim())
      .map(({ path }) => `${ACCEPTED_PATTERNS_PATH}: a pattern of ${path} has no reason`),
  ];
}

/** Equal patterns are judged once. A verdict that the checker can't reach is a complaint. */
export async function judgePatterns(patterns: readonly FoundPattern[]): Promise<string[]> {
  const places = new Map<string, FoundPattern[]>();
  for (const pattern of patterns) {
    const key = `/${pattern.source}/${pattern.flags}`;
    places.set(key, [...(places.get(key) ?? []), pattern]);
  }
  const complaints: string[] = [];
  for (const [key, same] of places) {
    const { source, flags } = same[0] as FoundPattern;
    const verdict = await check(source, flags, OPTIONS);
    if (verdict.status === "safe") continue;
    const why =
      verdict.status === "vulnerable"
        ? `${verdict.complexity.summary}, on ${verdict.attack.pattern.slice(0, 120)}`
        : `the checker reaches no verdict (${verdict.error.kind})`;
    complaints.push(...same.map(({ place }) => `${place}: ${key.slice(0, 160)} is not linear: ${why}`));
  }
  return complaints;
}
