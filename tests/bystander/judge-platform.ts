// Whether the platform is intact afterwards: no process died, every loop runs, the queues are empty.

import { waitFor } from "local-supabase/testing/wait-for";
import type postgres from "postgres";
import type { TestStack } from "../fixtures/test-stack.ts";
import type { Finding } from "./findings.ts";

type Judged = Pick<Finding, "target" | "found">;

/** Lines that no log may have: a process was killed at a limit, died, or gave up results. */
const DEATH =
  /process ended|stopped at its|PANIC|could not be settled|Uncaught|Maximum call stack|heap is full|Connection terminated|was terminated by signal/;
/** Due work must have been done within so many seconds. */
const SOON_SECONDS = 45;
/** One run of a task or a job that all share may not take longer. */
const LONG_RUN_SECONDS = 10;
/** Tries after which an item must be set aside. */
const MOST_TRIES = 5;

export interface PlatformBefore {
  at: Date;
  logLength: number;
  deadlocks: number;
  /** How often each task has failed so far. */
  failures: Map<string, number>;
}

export async function lookAtPlatform(stack: TestStack, sql: postgres.Sql): Promise<PlatformBefore> {
  const [row] =
    await sql`select now() as at, (select deadlocks::int from pg_stat_database where datname = current_database()) as deadlocks`;
  await sql`update private.tasks set longest = '0'`;
  const failures = new Map((await readTasks(sql)).map((task) => [task.name, task.failures]));
  return { at: row?.at, deadlocks: row?.deadlocks, logLength: (await readLog(stack)).length, failures };
}

const readLog = async ({ CONTROL_URL }: TestStack) => await (await fetch(`${CONTROL_URL}/log`)).text();

/** @param seconds the time that queues have after the last call */
export async function judgePlatform(
  stack: TestStack,
  sql: postgres.Sql,
  before: PlatformBefore,
  seconds: number,
): Promise<Judged[]> {
  const found: Judged[] = [];
  found.push(...(await judgeQueues(sql, seconds)));
  found.push(...(await judgeLoops(sql, before)));
  for (const line of (await readLog(stack)).slice(before.logLength).split("\n"))
    if (DEATH.test(line)) found.push({ target: `log of ${line.split(":")[0]}`, found: line.slice(0, 300) });
  const [row] = await sql`select deadlocks::int from pg_stat_database where datname = current_database()`;
  if (row?.deadlocks !== before.deadlocks)
    found.push({ target: "database", found: `${row?.deadlocks - before.deadlocks} deadlocks` });
  return found;
}

interface Waiting {
  queue: string;
  due: number;
  tries: number;
  sample: string;
}

async function readQueues(sql: postgres.Sql): Promise<Waiting[]> {
  const queues = await sql`select queue_name from pgmq.meta order by queue_name`;
  return await Promise.all(
    queues.map(async ({ queue_name }): Promise<Waiting> => {
      const [row] = await sql.unsafe(
        `select count(*) filter (where vt <= now())::int as due, coalesce(max(read_ct), 0)::int as tries,
           coalesce((array_agg(message::text order by read_ct desc))[1], '') as sample from pgmq.q_${queue_name}`,
      );
      return { queue: queue_name, due: row?.due, tries: row?.tries, sample: row?.sample };
    }),
  );
}

/** Waits while the due work becomes less; an item that was tried too often was not set aside, which is a fault. */
async function judgeQueues(sql: postgres.Sql, seconds: number): Promise<Judged[]> {
  let last = Number.POSITIVE_INFINITY;
  let movedAt = performance.now();
  let queues: Waiting[] = [];
  await waitFor(
    async () => {
      queues = await readQueues(sql);
      const due = queues.reduce((sum, one) => sum + one.due, 0);
      if (due < last) [last, movedAt] = [due, performance.now()];
      return due === 0 || performance.now() - movedAt > seconds * 1_000;
    },
    { seconds: 300, every: 250 },
  ).catch(() => {});
  return queues.flatMap(({ queue, due, tries, sample }) => [
    ...(due > 0
      ? [
          {
            target: `queue ${queue}`,
            found: `${due} messages are due and nobody takes them, such as ${sample.slice(0, 150)}`,
          },
        ]
      : []),
    ...(tries > MOST_TRIES + 1
      ? [{ target: `queue ${queue}`, found: `a message was read ${tries} times: ${sample.slice(0, 150)}` }]
      : []),
  ]);
}

interface Task {
  name: string;
  failures: number;
  error: string | null;
  longest: number;
  ended_at: Date | null;
}

const readTasks = async (sql: postgres.Sql) =>
  await sql<Task[]>`
    select name, failures::int, error, ended_at,
      extract(epoch from greatest(longest, case when began_at > coalesce(ended_at, '-infinity') then now() - began_at end))::float8 as longest
    from private.tasks`;

/** Tasks due every few seconds are done, none failed as a whole, and none took long; the same for jobs of each minute. */
async function judgeLoops(sql: postgres.Sql, { at, failures }: PlatformBefore): Promise<Judged[]> {
  const found: Judged[] = [];
  const [{ now } = { now: new Date() }] = await sql`select now() as now`;
  const late = async () =>
    await sql`
      select name from private.tasks where is_active and (ended_at < ${now}) is not false and private.is_task_due(name, due)`;
  await waitFor(async () => (await late()).length === 0, { seconds: SOON_SECONDS, every: 500 }).catch(
    () => {},
  );
  for (const { name } of await late()) found.push({ target: `task ${name}`, found: "is due and not done" });
  for (const task of await readTasks(sql)) {
    const failed = task.failures - (failures.get(task.name) ?? 0);
    if (failed > 0)
      found.push({ target: `task ${task.name}`, found: `failed ${failed} times: ${task.error}` });
    if (task.longest > LONG_RUN_SECONDS)
      found.push({ target: `task ${task.name}`, found: `ran for ${task.longest.toFixed(1)} s at once` });
  }
  const runs = await sql`
    select j.jobname, count(*) filter (where d.status = 'failed')::int as failed, max(d.return_message) filter (where d.status = 'failed') as message,
      max(extract(epoch from coalesce(d.end_time, now()) - d.start_time)) filter (where j.jobname not like 'tick-%')::float as longest
    from cron.job_run_details d join cron.job j using (jobid) where d.start_time >= ${at} group by 1`;
  for (const { jobname, failed, message, longest } of runs) {
    if (failed > 0) found.push({ target: `job ${jobname}`, found: `failed ${failed} times: ${message}` });
    if (longest > LONG_RUN_SECONDS)
      found.push({ target: `job ${jobname}`, found: `ran for ${longest.toFixed(1)} s at once` });
  }
  return found;
}
