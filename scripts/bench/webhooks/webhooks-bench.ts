// Status callbacks through the gateway to function twilio: a hundred at once, then a sustained rate, none lost.
import postgres from "postgres";
import { addHistory } from "../arrange/add-history.ts";
import { addSent, type SentMessage } from "../arrange/add-sent.ts";
import { createOrg } from "../arrange/create-org.ts";
import { round } from "../measure/describe-machine.ts";
import { percentile } from "../measure/median.ts";
import { type RatedRun, runAtRate, runInLanes } from "../measure/run-at-rate.ts";
import { watchStackCpu } from "../measure/watch-cpu.ts";
import { watchMemory } from "../measure/watch-memory.ts";
import { defineBench } from "../report/bench-types.ts";
import { atLeast, atMost } from "../report/report.ts";
import { withStack } from "../stack/start-stack-process.ts";
import { applyDirectly } from "./apply-directly.ts";
import { makeCallback, postCallback } from "./callback.ts";

const HISTORY = 20_000;
/** Share of the rate that must be reached: the last answers arrive after the last call. */
const SUSTAINED = 0.98;
const MEMORY_MB = 128;
const IN_FLIGHT = 20;
/** Callbacks that warm the function up, to measure its idle memory. */
const WARM_UP = 20;

export const webhooksBench = defineBench({
  name: "webhooks",
  summary: "signed status callbacks to function twilio: some at once, then a sustained rate, none lost",
  options: {
    burst: { what: "callbacks at once", value: 100 },
    rate: { what: "callbacks a second after that", value: 300 },
    seconds: { what: "for how long", value: 20 },
    flat: {
      what: "callbacks after that as fast as they are answered, 20 at a time; as many again without HTTP",
      value: 2_000,
    },
  },
  async run({ burst, rate, seconds, flat }, say) {
    return await withStack({ durable: true }, async (stack) => {
      const sql = postgres(stack.adminUrl, { max: 2, onnotice: () => {} });
      try {
        const org = await createOrg(sql, { n: 0, numbers: 10, mps: 10 });
        await addHistory(sql, org, { from: 0, count: HISTORY, now: new Date() });
        const sent = await addSent(sql, org, WARM_UP + burst + rate * seconds + 2 * flat);
        await sql`vacuum analyze`;
        const callbacks = await Promise.all(
          sent.map((message) => makeCallback(stack.env.FUNCTIONS_URL, org, message)),
        );
        await runAtRate(callbacks.slice(0, WARM_UP), 50, postCallback);
        const memory = await watchMemory(async () => (await stack.pids()).functions.twilio ?? []);
        const stopCpu = await watchStackCpu(stack);
        const atOnce = await runAtRate(
          callbacks.slice(WARM_UP, WARM_UP + burst),
          Number.POSITIVE_INFINITY,
          postCallback,
        );
        say(`${burst} at once: ${describe(atOnce)}`);
        const rest = WARM_UP + burst + rate * seconds;
        const sustained = await runAtRate(callbacks.slice(WARM_UP + burst, rest), rate, postCallback);
        say(`${rate}/s for ${seconds} s: ${describe(sustained)}`);
        const { cpuMsPer1k, cpuParts } = await stopCpu(burst + rate * seconds);
        const flatOut = await runInLanes(callbacks.slice(rest, rest + flat), IN_FLIGHT, postCallback);
        const bare = await applyDirectly(stack, org, sent.slice(rest + flat));
        const lost = await countLost(sql, sent);
        const refused = [...atOnce.calls, ...sustained.calls, ...flatOut.calls].filter(
          ({ answer }) => answer < 200 || answer > 299,
        ).length;
        const p95 = (run: RatedRun<number>) =>
          percentile(
            run.calls.map(({ ms }) => ms),
            95,
          );
        const memoryMb = round(memory.stop());
        say(`CPU ms per 1,000: ${JSON.stringify(cpuParts)}`);
        const figures = [
          atMost("callbacks lost: not applied in the database", lost, 0),
          atMost("callbacks not answered with 2xx", refused, 0),
          atLeast("sustained, callbacks/s", sustained.perSecond, rate * SUSTAINED),
          { name: "as fast as they are answered, callbacks/s", value: flatOut.perSecond, bare },
          { name: "sustained, ms to the answer, 95th percentile", value: p95(sustained) },
          { name: "CPU of the platform, ms per 1,000", value: cpuMsPer1k },
          { name: `${burst} at once, ms to the answer, 95th percentile`, value: p95(atOnce) },
          atMost("function twilio's memory over idle, MB", memoryMb, MEMORY_MB),
        ];
        const result = {
          sent: sent.length,
          lost,
          refused,
          p95_ms: round(p95(sustained)),
          per_s: round(sustained.perSecond),
          burst: { sent: burst, p95_ms: round(p95(atOnce)) },
          memory_mb: memoryMb,
          flat_out_per_s: round(flatOut.perSecond),
          bare_ratio: round(bare / flatOut.perSecond, 2),
          cpu_ms_per_1k: cpuMsPer1k,
          cpu_parts: cpuParts,
        };
        return { figures, result };
      } finally {
        await sql.end({ timeout: 5 });
      }
    });
  },
});

function describe({ calls, perSecond }: RatedRun<number>): string {
  const times = calls.map(({ ms }) => ms);
  return `${Math.round(perSecond)}/s answered, median ${round(percentile(times, 50))} ms, slowest ${round(Math.max(...times))} ms`;
}

/** Every callback was answered before, so one that is not applied by now is lost. */
async function countLost(sql: postgres.Sql, sent: SentMessage[]): Promise<number> {
  const [row] = await sql`
    select count(*)::integer as n
    from unnest(${sent.map(({ id }) => id)}::uuid[]) x(id)
    join public.messages m on m.id = x.id
    join public.campaign_targets t on t.id = m.campaign_target_id
    where m.status <> 'delivered' or t.delivery <> 'delivered'`;
  return row?.n;
}
