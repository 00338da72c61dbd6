// Whether numbers keep to their pace and use it fully: a campaign at 5 messages a second and number, judged by the
// simulator's record.
import postgres from "postgres";
import type { PostEntry } from "twilio-simulator";
import { worstSlidingSecond } from "twilio-simulator/judge";
import { arrangeCampaign } from "../arrange/arrange-campaign.ts";
import { round } from "../measure/describe-machine.ts";
import { percentile } from "../measure/median.ts";
import { cpuOf, watchCpu } from "../measure/watch-cpu.ts";
import { judgeRun } from "../pipeline/judge-run.ts";
import { defineBench } from "../report/bench-types.ts";
import { atLeast, atMost } from "../report/report.ts";
import { startCampaign, waitUntilSent, warmWorker } from "../stack/follow-campaign.ts";
import { withStack } from "../stack/start-stack-process.ts";

const BUDGET = 0.95;
const HISTORY = 20_000;

export const pacingBench = defineBench({
  name: "pacing",
  summary:
    "numbers at their pace on the whole platform: as fast as allowed, and never faster in any sliding second",
  options: {
    messages: { what: "messages", value: 10_000 },
    numbers: { what: "phone numbers", value: 10 },
    mps: { what: "messages a second of each number", value: 5 },
  },
  async run({ messages, numbers, mps }, say) {
    const ideal = numbers * mps;
    say(
      `${messages} messages over ${numbers} numbers at ${mps}/s: ${Math.round(messages / ideal)} s at best`,
    );
    return await withStack({ durable: true }, async (stack) => {
      const sql = postgres(stack.adminUrl, { max: 2, onnotice: () => {} });
      try {
        const spec = { messages, numbers, mps, history: HISTORY, isShort: true };
        const { id, account } = await arrangeCampaign(stack, sql, spec);
        await warmWorker(stack);
        const { database } = await stack.pids();
        const isolatesBefore = await stack.countIsolates("worker");
        const stopCpu = await watchCpu(async () => ({ database: await cpuOf(database) }));
        await startCampaign(stack, sql, id);
        await waitUntilSent(sql, id, messages);
        const { cpuMsPer1k } = await stopCpu(messages);
        await judgeRun(account, messages);
        const isolates = await stack.countIsolates("worker");
        const record = await account.readRecord({ kind: "post" });
        const posts = record.filter((entry): entry is PostEntry => entry.kind === "post");
        const times = posts.map(({ receivedMono }) => receivedMono);
        const seconds = (Math.max(...times) - Math.min(...times)) / 1000;
        const ratio = messages / seconds / ideal;
        const worst = Math.max(...[...worstSlidingSecond(record).values()].map(({ count }) => count));
        const late = await latenessOf(sql, posts);
        const result = {
          ideal_ratio: round(ratio, 4),
          worst_sliding_second: worst,
          jitter_p99_ms: round(percentile(late, 99)),
          jitter_p50_ms: round(percentile(late, 50)),
          msgs_per_s: round(messages / seconds, 2),
          given_back: await countGivenBack(sql),
          isolates_per_10k: round(((isolates.retired - isolatesBefore.retired) * 10_000) / messages, 2),
          isolates_ended: isolates.ended,
          database_cpu_ms_per_1k: cpuMsPer1k,
        };
        const figures = [
          atLeast("messages/s", messages / seconds, ideal * BUDGET, ideal),
          atMost("most in a sliding second of one number", worst, mps),
          { name: "POST seen after its slot, ms, 99th percentile", value: result.jitter_p99_ms },
          { name: "POST seen after its slot, ms, median", value: result.jitter_p50_ms },
          { name: "messages given back for a missed slot", value: result.given_back },
          { name: "worker's isolates used up, per 10,000", value: result.isolates_per_10k },
          atMost("worker's isolates ended at a limit", isolates.ended, 0),
          { name: "CPU of the database, ms per 1,000", value: cpuMsPer1k },
        ];
        return { figures, result };
      } finally {
        await sql.end({ timeout: 5 });
      }
    });
  },
});

/** Milliseconds from each POST's slot until the simulator saw it; all processes share the machine's clock. */
async function latenessOf(sql: postgres.Sql, posts: PostEntry[]): Promise<number[]> {
  const attempts =
    await sql`select id, extract(epoch from slot_at)::float8 * 1000 as slot from public.send_attempts`;
  const slots = new Map(attempts.map(({ id, slot }) => [id, slot]));
  return posts.map(({ attempt, receivedAt }) => receivedAt - slots.get(attempt));
}

async function countGivenBack(sql: postgres.Sql): Promise<number> {
  const [row] =
    await sql`select count(*)::integer as n from public.send_attempts where outcome = 'not_posted'`;
  return row?.n;
}
