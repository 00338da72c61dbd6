// Whether an answer is one that a stranger may get.
import type { Finding, Findings } from "./findings.ts";
import { type Answer, type Sent, send } from "./send.ts";

/** No call may take longer. */
export const SLOW_MS = 3_000;

type Judged = Pick<Finding, "kind" | "found" | "standIn">;
/** Which call it was: its target, who called, what was odd, and what repeats it. */
export type Where = Omit<Finding, "kind" | "found" | "standIn">;

/** Hears every answer, and asks again in the end for what took long. */
export class Judge {
  private readonly slow: { call: Sent; where: Where; ms: number }[] = [];

  constructor(
    private readonly apiUrl: string,
    /** Texts of others' rows; may grow. */
    private readonly secrets: readonly string[],
    private readonly findings: Findings,
  ) {}

  hear(call: Sent, answer: Answer, where: Where): void {
    for (const judged of judgeAnswer(call, answer, this.secrets)) this.findings.add({ ...where, ...judged });
    if (answer.ms > SLOW_MS) this.slow.push({ call, where, ms: answer.ms });
  }

  /** A machine with more work than cores is slow at times: what is slow again when nothing else is asked is the call's own. */
  async judgeSlow(): Promise<void> {
    for (const { call, where, ms } of this.slow.splice(0)) {
      const again = await send(this.apiUrl, call);
      const took = `${Math.round(again.ms)} ms alone, ${Math.round(ms)} ms beside others, status ${again.status}`;
      if (again.ms > SLOW_MS) this.findings.add({ ...where, kind: "slow", found: took });
      else this.findings.note(`${where.target} took ${took}: ${where.label?.slice(0, 80)}`);
    }
  }
}

function judgeAnswer(call: Sent, answer: Answer, secrets: readonly string[]): Judged[] {
  const findings: Judged[] = [];
  // What took too long is asked again.
  if (answer.status === 0 && answer.ms > SLOW_MS) return [];
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
function isTooDeep({ path, body }: Sent, { text }: Answer): boolean {
  return (
    path.startsWith("/rest/v1/") &&
    /"code":"54001"|dimensions exceeds/.test(text) &&
    /[[{]{7}|(\{"a":){100}/.test(String(body))
  );
}

/** The REST server and the storage of the local platform are stand-ins: what they do not understand they answer with 500. */
function blame({ path }: Sent, { text }: Answer): { standIn?: true } {
  if (path.startsWith("/rest/v1/") && /"code":"SUP"/.test(text)) return { standIn: true };
  return {};
}
