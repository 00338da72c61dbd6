// Advice of `supabase db advisors` that is not on the list of accepted advice (supabase/advisors-accepted.json).
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { PROJECT_DIR, runTool } from "../tools/run-tool.ts";

export const ACCEPTED_PATH = "supabase/advisors-accepted.json";

export interface Advice {
  level: "INFO" | "WARN" | "ERROR";
  /** Lint and object in one word, such as unindexed_foreign_keys_public_messages_messages_lead_id_fkey. */
  cacheKey: string;
  detail: string;
}

export interface Acceptance {
  /** A cacheKey; a star at the end stands for any rest. */
  advice: string;
  reason: string;
}

/** All advice of the advisors on a database, INFO included. */
export async function readAdvice(databaseUrl: string): Promise<Advice[]> {
  const args = ["db", "advisors", `--remote=${databaseUrl}`, "--level", "info", "--output-format", "json"];
  const { code, stdout, stderr } = await runTool("supabase", args);
  const line = stdout.split("\n").find((text) => text.startsWith("{"));
  if (code !== 0 || line === undefined) throw new Error(`supabase db advisors failed: ${stdout}${stderr}`);
  return (JSON.parse(line) as { results: Advice[] }).results;
}

export async function readAcceptances(): Promise<Acceptance[]> {
  return JSON.parse(await readFile(join(PROJECT_DIR, ACCEPTED_PATH), "utf8"));
}

/**
 * WARN and ERROR are never accepted. An acceptance that no longer matches any advice is a complaint too, or the list would
 * only ever grow.
 * @returns complaints, empty if all is well
 */
export function judgeAdvice(advice: Advice[], acceptances: Acceptance[]): string[] {
  const accepts = ({ advice: wanted }: Acceptance, { cacheKey }: Advice) =>
    wanted.endsWith("*") ? cacheKey.startsWith(wanted.slice(0, -1)) : cacheKey === wanted;
  const refused = advice.filter(
    (one) => one.level !== "INFO" || !acceptances.some((acceptance) => accepts(acceptance, one)),
  );
  const idle = acceptances.filter((acceptance) => !advice.some((one) => accepts(acceptance, one)));
  const unreasoned = acceptances.filter(({ reason }) => !reason?.trim());
  return [
    ...refused.map(({ level, cacheKey, detail }) => `${level} ${cacheKey}: ${detail}`),
    ...idle.map((one) => `${ACCEPTED_PATH}: ${one.advice} is not said any more: remove it`),
    ...unreasoned.map((one) => `${ACCEPTED_PATH}: ${one.advice} has no reason`),
  ];
}
