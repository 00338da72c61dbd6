// A thousand requests at once, REST and functions, as signed-in people: none may fail, and few database connections suffice.
import postgres from "postgres";
import { addLeads } from "../arrange/add-leads.ts";
import { buildCampaign } from "../arrange/build-campaign.ts";
import { equipOrg } from "../arrange/create-org.ts";
import { signUp } from "../arrange/sign-up.ts";
import { round } from "../measure/describe-machine.ts";
import { median, percentile } from "../measure/median.ts";
import { runAtRate } from "../measure/run-at-rate.ts";
import { watchStackCpu } from "../measure/watch-cpu.ts";
import { defineBench } from "../report/bench-types.ts";
import { atMost } from "../report/report.ts";
import { type StackProcess, withStack } from "../stack/start-stack-process.ts";
import { type Ask, ask, asksOf, bareAsk } from "./asks.ts";
import { watchConnections } from "./watch-connections.ts";

const MAX_CONNECTIONS = 60;
const PEOPLE = 4;

export const concurrencyBench = defineBench({
  name: "concurrency",
  summary:
    "requests at once to REST and functions, as signed-in people: none fails, few database connections",
  options: {
    requests: { what: "requests at once", value: 1_000 },
    rounds: { what: "rounds", value: 3 },
    leads: { what: "leads of each organisation", value: 5_000 },
  },
  async run({ requests, rounds, leads }, say) {
    return await withStack({ durable: true }, async (stack) => {
      const sql = postgres(stack.adminUrl, { max: 2, onnotice: () => {} });
      try {
        const asks = await arrange(stack, sql, leads);
        const connections = await watchConnections(stack.adminUrl);
        // Functions are loaded and warm, as in normal use.
        await Promise.all(asks.map(ask));
        const stopCpu = await watchStackCpu(stack);
        const times: number[] = [];
        const rates: number[] = [];
        const failures: string[] = [];
        for (let n = 1; n <= rounds; n++) {
          const all = Array.from({ length: requests }, (_, i) => asks[i % asks.length] as Ask);
          const { calls, perSecond } = await runAtRate(all, Number.POSITIVE_INFINITY, ask);
          const failed = calls.flatMap(({ answer }) => answer ?? []);
          const ms = calls.map((call) => call.ms);
          times.push(...ms);
          rates.push(perSecond);
          failures.push(...failed);
          say(
            `round ${n}: ${failed.length} failed, ${Math.round(perSecond)}/s, median ${round(percentile(ms, 50))} ms, slowest ${round(Math.max(...ms))} ms`,
          );
        }
        const { cpuMsPer1k, cpuParts } = await stopCpu(requests * rounds);
        say(`CPU ms per 1,000: ${JSON.stringify(cpuParts)}`);
        for (const [failure, count] of countEach(failures)) say(`  ${count} × ${failure}`);
        const bare = await runAtRate(Array(requests).fill(bareAsk(stack)), Number.POSITIVE_INFINITY, ask);
        const maxConnections = await connections.stop();
        const result = {
          requests: requests * rounds,
          failed: failures.length,
          p95_ms: round(percentile(times, 95)),
          max_connections: maxConnections,
          per_s: round(median(rates)),
          bare_ratio: round(bare.perSecond / median(rates), 2),
          cpu_ms_per_1k: cpuMsPer1k,
          cpu_parts: cpuParts,
        };
        const figures = [
          atMost("requests that failed", failures.length, 0),
          atMost("database connections", maxConnections, MAX_CONNECTIONS),
          { name: "requests/s, all at once", value: median(rates), bare: bare.perSecond },
          { name: "CPU of the platform, ms per 1,000", value: cpuMsPer1k },
          { name: "ms to the answer, 95th percentile", value: result.p95_ms },
        ];
        return { figures, result };
      } finally {
        await sql.end({ timeout: 5 });
      }
    });
  },
});

/** People of as many organisations, each with leads and a running campaign's figures to look at. */
async function arrange(stack: StackProcess, sql: postgres.Sql, leads: number): Promise<Ask[]> {
  const asks: Ask[][] = [];
  for (let n = 0; n < PEOPLE; n++) {
    const person = await signUp(stack, `Tierras Claras ${n}`);
    const [user] = await sql`select org_id from public.users where id = ${person.id}`;
    const org = { id: user?.org_id, ...(await equipOrg(sql, user?.org_id, { n, numbers: 3, mps: 1 })) };
    await addLeads(sql, org.id, { from: n * leads, count: leads, tag: "ALL" });
    const campaignId = await buildCampaign(sql, org, { tag: "ALL", expected: leads, now: new Date() });
    asks.push(asksOf(stack, person.token, campaignId));
  }
  await sql`vacuum analyze`;
  return asks.flat();
}

function countEach(values: string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return counts;
}
