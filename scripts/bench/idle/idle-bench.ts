// The cost of a database in which nothing happens: the platform's own checks for due work.
import { setTimeout as wait } from "node:timers/promises";
import postgres from "postgres";
import { arrangeCampaign } from "../arrange/arrange-campaign.ts";
import { round } from "../measure/describe-machine.ts";
import { type Counts, defineBench, type Say } from "../report/bench-types.ts";
import { atMost } from "../report/report.ts";
import { startCampaign, waitUntilSent } from "../stack/follow-campaign.ts";
import { type StackProcess, withStack } from "../stack/start-stack-process.ts";
import { type IdleSample, readHistory, readJobRuns, sampleIdle } from "./sample-idle.ts";

const CORE_BUDGET = 0.03;
const WAL_BUDGET_MB = 30;
const MB = 1_000_000;
const DAY_S = 86_400;
const QUIET_WITHIN_S = 180;
const SNAPSHOT_MS = 3_000;

const options = {
  orgs: { what: "organisations, each with a campaign that is over", value: 3 },
  leads: { what: "leads of each", value: 200 },
  settle: {
    what: "seconds to wait once nothing is due: jobs of every minute or two and autovacuum end their work",
    value: 150,
  },
  seconds: { what: "for how long to measure; a checkpoint comes every 300", value: 300 },
};

export const idleBench = defineBench({
  name: "idle",
  summary: "a whole stack in which nothing happens: CPU and WAL of its database",
  options,
  async run(counts, say) {
    return await withStack({ durable: true }, async (stack) => {
      const sql = postgres(stack.adminUrl, { max: 1, onnotice: () => {} });
      try {
        await sendAll(stack, sql, counts);
        await waitUntilQuiet(sql);
        // Does autovacuum's work now. The second run cleans up after the statistics that the first has written, once no old
        // snapshot can see the former ones any more.
        await sql`vacuum analyze`;
        await wait(SNAPSHOT_MS);
        await sql`vacuum`;
        say(`nothing is due any more; ${counts.settle} s to settle, then ${counts.seconds} s`);
        await wait(counts.settle * 1_000);
        // The measured time includes the cost of one checkpoint: a page is written whole when it first changes after it.
        await sql`checkpoint`;
        const before = await sampleIdle(stack, sql);
        await wait(counts.seconds * 1_000);
        const after = await sampleIdle(stack, sql);
        return await report(sql, before, after, say);
      } finally {
        await sql.end({ timeout: 5 });
      }
    });
  },
});

async function sendAll(stack: StackProcess, sql: postgres.Sql, { orgs, leads }: Counts<typeof options>) {
  for (let n = 0; n < orgs; n++) {
    const { id } = await arrangeCampaign(stack, sql, { n, messages: leads, numbers: 4, mps: 50, history: 0 });
    await startCampaign(stack, sql, id);
    await waitUntilSent(sql, id, leads);
  }
}

/** @throws Error that names the work still to be done */
async function waitUntilQuiet(sql: postgres.Sql): Promise<void> {
  const end = performance.now() + QUIET_WITHIN_S * 1_000;
  for (;;) {
    const [left] = await sql`
      select (select count(*)::int from public.campaigns where status <> 'completed') as campaigns,
        (select count(*)::int from public.messages where status in ('queued', 'sending', 'unknown')) as messages,
        (select count(*)::int from private.account_checks where due_at <= now()) as accounts,
        (select count(*)::int from public.alerts where resolved_at is null) as alerts`;
    if (Object.values(left ?? {}).every((n) => n === 0)) return;
    if (performance.now() > end)
      throw new Error(`After ${QUIET_WITHIN_S} s it is still at work: ${JSON.stringify(left)}`);
    await wait(500);
  }
}

async function report(sql: postgres.Sql, before: IdleSample, after: IdleSample, say: Say) {
  const seconds = (after.atMs - before.atMs) / 1_000;
  const aDay = DAY_S / seconds;
  const core = (after.cpuMs - before.cpuMs) / 1_000 / seconds;
  const walMb = ((after.walBytes - before.walBytes) * aDay) / MB;
  const runs = after.lastRun - before.lastRun;
  const historyMb = ((await readHistory(sql, before.lastRun)) * aDay) / MB;
  const calls = ((after.lastCall - before.lastCall) * 60) / seconds;
  const jobs = await readJobRuns(sql, before.lastRun);
  for (const { job, runs, ms } of jobs) say(`  ${job}: ${runs} runs, ${ms} ms`);
  const figures = [
    atMost("database, share of a core", core, CORE_BUDGET),
    atMost("WAL, MB a day", walMb, WAL_BUDGET_MB),
    { name: "rows of job_run_details a day", value: runs * aDay },
    { name: "job_run_details, MB a day", value: historyMb },
    { name: "runs of cron jobs a second", value: runs / seconds },
    { name: "calls of functions a minute", value: calls },
  ];
  const result = {
    seconds: round(seconds),
    core: round(core, 4),
    wal_mb_a_day: round(walMb),
    whole_pages: after.wholePages - before.wholePages,
    history_rows_a_day: Math.round(runs * aDay),
    history_mb_a_day: round(historyMb),
    runs_a_second: round(runs / seconds, 3),
    calls_a_minute: round(calls),
    jobs,
  };
  return { figures, result };
}
