// Whether an answer is one that a stranger may get.
import type { Finding } from "./findings.ts";
import type { Answer } from "./send.ts";
import type { Call } from "./targets.ts";

/** No call may take longer. */
export const SLOW_MS = 3_000;

type Judged = Pick<Finding, "kind" | "found" | "standIn">;

export function judgeAnswer(call: Call, answer: Answer, secrets: readonly string[]): Judged[] {
  const findings: Judged[] = [];
  if (answer.status === 0) findings.push({ kind: "no answer", found: answer.text });
  else if (answer.status >= 500 && !isTooDeep(call, answer))
    findings.push({
      kind: "server error",
      found: `${answer.status} ${answer.text.slice(0, 300)}`,
      ...blame(call, answer),
    });
  // What the stranger sent may come back.
  const sent = `${call.path} ${typeof call.body === "string" ? call.body : ""}`;
  const leaked = secrets.find((secret) => answer.text.includes(secret) && !sent.includes(secret));
  if (leaked) findings.push({ kind: "read", found: `${answer.status}, with "${leaked}"` });
  return findings;
}

/** Postgres refuses deep JSON and lists of more than six dimensions while it reads a request, before anything of ours runs, and PostgREST says 500 to that. */
function isTooDeep({ path, body }: Call, { text }: Answer): boolean {
  return (
    path.startsWith("/rest/v1/") &&
    /"code":"54001"|dimensions exceeds/.test(text) &&
    /[[{]{7}|(\{"a":){100}/.test(String(body))
  );
}

/** The REST server and the storage of the local platform are stand-ins: what they do not understand they answer with 500. */
function blame({ path }: Call, { text }: Answer): { standIn?: true } {
  if (path.startsWith("/rest/v1/") && /"code":"SUP"/.test(text)) return { standIn: true };
  return {};
}
