// Whether a stranger may get this answer.
import type { Finding, Findings } from "./findings.ts";
import { type Answer, type Sent, send } from "./send.ts";

/** No call may take longer. */
export const SLOW_MS = 3_000;

type Judged = Pick<Finding, "kind" | "found" | "standIn">;
/** The call: its target, its caller, what was odd, and the number that repeats it. */
export type Where = Omit<Finding, "kind" | "found" | "standIn">;

/** Checks every answer, and at the end repeats the calls that took long. */
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

  /** An overloaded machine is slow at times: only a call that is slow again alone is at fault itself. */
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
  // A call that took too long is repeated.
  if (answer.status === 0 && answer.ms > SLOW_MS) return [];
  if (answer.status === 0) findings.push({ kind: "no answer", found: answer.text });
  else if (answer.status >= 500 && !isTooDeep(call, answer))
    findings.push({
      kind: "server error",
      found: `${answer.status} ${answer.text.slice(0, 300)}`,
      ...blame(call, answer),
    });
  // The answer may repeat what the stranger sent.
  const sent = `${call.path} ${typeof call.body === "string" ? call.body : ""}`;
  const leaked = secrets.find((secret) => answer.text.includes(secret) && !sent.includes(secret));
  if (leaked) findings.push({ kind: "read", found: `${answer.status}, with "${leaked}"` });
  return findings;
}

/** Postgres refuses deep JSON and lists of over six dimensions before our code runs; PostgREST answers 500 to that. */
function isTooDeep({ path, body }: Sent, { text }: Answer): boolean {
  return (
    path.startsWith("/rest/v1/") &&
    /"code":"54001"|dimensions exceeds/.test(text) &&
    /[[{]{7}|(\{"a":){100}/.test(String(body))
  );
}

/** REST and Storage of the local platform are stand-ins: they answer 500 to what they do not understand. */
function blame({ path }: Sent, { text }: Answer): { standIn?: true } {
  if (path.startsWith("/rest/v1/") && /"code":"SUP"/.test(text)) return { standIn: true };
  return {};
}
