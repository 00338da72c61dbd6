// One run of bench plan: connections that plan, claim and settle until everything is sent.
import { randomUUID } from "node:crypto";
import { setTimeout as wait } from "node:timers/promises";
import type postgres from "postgres";
import type { BareServer } from "../../stack/start-bare-server.ts";
import { startAfternoonClock } from "../arrange/afternoon-clock.ts";
import type { DatabaseCopy } from "../arrange/copy-database.ts";
import { round } from "../measure/describe-machine.ts";
import { cpuOfTrees, readProcesses } from "../measure/read-processes.ts";
import type { PlanCounts } from "./plan-options.ts";

type Phase = "plan" | "claim" | "settle";

export interface PlanRun {
  perSecond: number;
  batches: number;
  meanBatch: number;
  /** Milliseconds a connection waits for each of the calls, per message. */
  msPerMessage: Record<Phase, number>;
  /** CPU of the backends of the connections. */
  cpuMsPer1k: number;
  /** CPU of the whole server, including WAL writer, checkpointer, autovacuum and the fold. */
  serverCpuMsPer1k: number;
  /** CPU of this process, which stands in for the workers and shares the cores. */
  clientCpuMsPer1k: number;
}

interface Tally {
  settled: number;
  batches: number;
  ms: Record<Phase, number>;
  progressAt: number;
}

/** The text the worker would report, as long as those of the templates. */
const TEXT = "Hola Rosa 12, somos Tierras Claras 0. ¿Vende su terreno en Dallas? Responda ALTO para salir.";
const FOLD_EVERY_MS = 1_000;
/** The pause if the others have claimed everything left, or another connection is planning. */
const IDLE_MS = 2;
const GIVE_UP_AFTER_MS = 30_000;

/** @throws Error when not everything was sent, or a figure does not add up */
export async function runPlan(server: BareServer, db: DatabaseCopy, counts: PlanCounts): Promise<PlanRun> {
  const clock = startAfternoonClock();
  const workers = Array.from({ length: counts.connections }, () => db.connectWorker());
  const pids = await Promise.all(
    workers.map(async (sql) => (await sql`select pg_backend_pid() as pid`)[0]?.pid as number),
  );
  if (counts.statements > 0) await trackInnerStatements(db, workers);
  const [{ expected }] = await db.sql<[{ expected: number }]>`
    select count(*)::integer as expected from public.campaign_targets where state = 'waiting'`;
  const tally: Tally = {
    settled: 0,
    batches: 0,
    ms: { plan: 0, claim: 0, settle: 0 },
    progressAt: performance.now(),
  };
  const fold = startFolding(db.sql, clock);
  const before = await readCpu(server, pids);
  const client = process.cpuUsage();
  const started = performance.now();
  await Promise.all(workers.map((sql) => work(sql, { clock, batch: counts.batch, expected, tally })));
  const ms = performance.now() - started;
  const { user, system } = process.cpuUsage(client);
  const after = await readCpu(server, pids);
  await fold.stop();
  await check(db.sql, expected);
  const per1k = (total: number) => round((total / expected) * 1000);
  return {
    perSecond: (expected / ms) * 1000,
    batches: tally.batches,
    meanBatch: tally.settled / tally.batches,
    msPerMessage: {
      plan: round(tally.ms.plan / expected, 3),
      claim: round(tally.ms.claim / expected, 3),
      settle: round(tally.ms.settle / expected, 3),
    },
    cpuMsPer1k: per1k(after.backends - before.backends),
    serverCpuMsPer1k: per1k(after.server - before.server),
    clientCpuMsPer1k: per1k((user + system) / 1000),
  };
}

async function work(
  sql: postgres.Sql,
  { clock, batch, expected, tally }: { clock: () => Date; batch: number; expected: number; tally: Tally },
): Promise<void> {
  const workerId = randomUUID();
  const timed = async <T>(phase: Phase, call: () => Promise<T>): Promise<T> => {
    const started = performance.now();
    const answer = await call();
    tally.ms[phase] += performance.now() - started;
    return answer;
  };
  while (tally.settled < expected) {
    // begin and commit as the worker does: it posts nothing before the commit is confirmed.
    const sends = await timed("claim", () =>
      sql.begin((tx) => tx`select * from private.claim_sends(${workerId}, ${batch}, false, ${clock()})`),
    );
    if (sends.length > 0) {
      const results = sends.map((send) => accepted(send.attempt_id));
      await timed("settle", () => sql`select private.settle_sends(${sql.json(results)}, ${clock()})`);
      tally.settled += sends.length;
      tally.batches++;
      tally.progressAt = performance.now();
    }
    if (sends.length === batch) continue;
    const [row] = await timed("plan", () => sql`select private.plan_all(${clock()}) as planned`);
    if (row?.planned > 0 || sends.length > 0) continue;
    if (performance.now() - tally.progressAt > GIVE_UP_AFTER_MS)
      throw new Error(
        `Only ${tally.settled} of ${expected} messages were sent, and nothing more is planned.`,
      );
    await wait(IDLE_MS);
  }
}

const accepted = (attempt_id: string) => ({
  attempt_id,
  outcome: "accepted",
  provider_sid: `SM${randomUUID().replaceAll("-", "")}`,
  provider_status: "queued",
  http_status: 201,
  content: TEXT,
  segments: 2,
});

/** Cron's part: figures are folded while messages are sent. */
function startFolding(sql: postgres.Sql, clock: () => Date): { stop(): Promise<void> } {
  let folding: Promise<unknown> = Promise.resolve();
  const fold = () => {
    folding = folding.then(() => sql`select private.fold_stats(${clock()})`);
  };
  const timer = setInterval(fold, FOLD_EVERY_MS);
  return {
    async stop() {
      clearInterval(timer);
      fold();
      await folding;
    },
  };
}

async function readCpu(server: BareServer, pids: number[]): Promise<{ backends: number; server: number }> {
  const all = await readProcesses();
  const backends = all.filter(({ pid }) => pids.includes(pid)).reduce((sum, { cpuMs }) => sum + cpuMs, 0);
  return { backends, server: await cpuOfTrees([server.pid]) };
}

async function check(sql: postgres.Sql, expected: number): Promise<void> {
  const [row] = await sql`
    select
      (select count(*)::integer from public.campaign_targets t join public.campaigns c on c.id = t.campaign_id and c.status = 'running'
       where t.state = 'sent') as sent,
      (select count(*)::integer from pgmq.q_sends) as left_over,
      (select sum(s.sent)::integer from public.campaign_stats s join public.campaigns c on c.id = s.campaign_id and c.status = 'running') as figures`;
  if (row?.sent !== expected || row?.left_over !== 0 || row?.figures !== expected)
    throw new Error(`Of ${expected} messages: ${JSON.stringify(row)}`);
}

/** Tracks the statements within functions, not only the calls; new connections get the setting. */
async function trackInnerStatements(db: DatabaseCopy, workers: postgres.Sql[]): Promise<void> {
  await db.sql`create extension if not exists pg_stat_statements with schema extensions`;
  await db.sql`select extensions.pg_stat_statements_reset()`;
  await db.sql`grant set on parameter pg_stat_statements.track to worker`;
  await Promise.all(workers.map((sql) => sql`set pg_stat_statements.track = 'all'`));
}
