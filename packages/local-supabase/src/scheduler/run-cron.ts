// Decides when cron jobs run: by the second or by the minute, one run of a job at a time, an overdue one right after.
import type postgres from "postgres";
import { isDue } from "./is-due.ts";
import { type CronJob, type CronRun, startCronJob } from "./run-cron-job.ts";

type Job = CronJob & { seconds: number | null; schedule: string };
type State = { lastStart: number; waiting: number; running: boolean };

/** Hosted projects run at most this many jobs at once. */
const MAX_RUNNING = 8;
/** After a pause (a sleeping laptop), at most this many missed minutes are looked at. */
const MAX_MISSED_MINUTES = 3;

export type Cron = { stop(): Promise<void> };

/**
 * Runs the jobs of `cron.job` until stopped. `sql` must be a superuser's pool, `adminUrl` is that superuser's URL; `log`
 * receives failures. The job list is read again when `cron.job` changes, and every minute.
 */
export async function runCron(
  sql: postgres.Sql,
  adminUrl: string,
  log: (line: string) => void,
): Promise<Cron> {
  let jobs: Job[] = [];
  let stopped = false;
  let minute = Math.floor(Date.now() / 60_000);
  const states = new Map<string, State>();
  const runs = new Map<CronRun, Promise<void>>();

  async function readJobs(): Promise<void> {
    jobs = (await isInstalled(sql))
      ? await sql<Job[]>`
          select jobid, schedule, command, database, username, cron._seconds(schedule) as seconds
          from cron.job where active and database = current_database() order by jobid`
      : [];
    const known = new Set(jobs.map((job) => job.jobid));
    for (const id of states.keys()) if (!known.has(id)) states.delete(id);
    for (const job of jobs) {
      if (!states.has(job.jobid))
        states.set(job.jobid, { lastStart: Date.now(), waiting: 0, running: false });
    }
  }

  function startWaiting(): void {
    for (const job of jobs) {
      const state = states.get(job.jobid);
      if (!state || state.running || state.waiting === 0 || runs.size >= MAX_RUNNING || stopped) continue;
      state.waiting -= 1;
      state.running = true;
      state.lastStart = Date.now();
      const run = startCronJob(sql, adminUrl, job);
      const over = run.done
        .catch((error: Error) => {
          if (!stopped) log(`cron job ${job.jobid} could not run: ${error.message}`);
        })
        .finally(() => {
          state.running = false;
          runs.delete(run);
          startWaiting();
          plan();
        });
      runs.set(run, over);
    }
  }

  async function takeMinutes(): Promise<void> {
    const now = Math.floor(Date.now() / 60_000);
    if (now === minute) return;
    const first = Math.max(minute + 1, now - MAX_MISSED_MINUTES + 1);
    minute = now;
    await readJobs();
    for (let missed = first; missed <= now; missed++) {
      for (const job of jobs) {
        const state = states.get(job.jobid);
        if (state && job.seconds === null && isDueAt(job, new Date(missed * 60_000))) state.waiting += 1;
      }
    }
  }

  function isDueAt(job: Job, minute: Date): boolean {
    try {
      return isDue(job.schedule, minute);
    } catch (error) {
      log(`cron job ${job.jobid}: ${(error as Error).message}`);
      return false;
    }
  }

  function takeSeconds(): void {
    for (const job of jobs) {
      const state = states.get(job.jobid);
      // As in pg_cron: an interval job that takes longer than its interval is queued once, not once per interval.
      if (!state || job.seconds === null || state.waiting > 0) continue;
      if (Date.now() - state.lastStart >= job.seconds * 1000) state.waiting = 1;
    }
  }

  let timer: NodeJS.Timeout | undefined;
  /** Sleeps until the next second that matters, so that nothing runs while nothing is due. */
  function plan(): void {
    if (stopped) return;
    clearTimeout(timer);
    let next = (Math.floor(Date.now() / 60_000) + 1) * 60_000;
    for (const job of jobs) {
      const state = states.get(job.jobid);
      if (job.seconds !== null && state && state.waiting === 0)
        next = Math.min(next, state.lastStart + job.seconds * 1000);
    }
    timer = setTimeout(tick, Math.max(5, next - Date.now()));
  }

  async function tick(): Promise<void> {
    try {
      await takeMinutes();
      takeSeconds();
      startWaiting();
    } catch (error) {
      if (!stopped) log(`cron: ${(error as Error).message}`);
    }
    plan();
  }

  await failInterruptedRuns(sql);
  const subscription = await sql.listen("cron_job_changed", () => {
    readJobs().then(plan, (error: Error) => !stopped && log(`cron: ${error.message}`));
  });
  await readJobs();
  plan();
  return {
    async stop() {
      stopped = true;
      clearTimeout(timer);
      await subscription.unlisten().catch(() => undefined);
      // A run may last for minutes; stopping the server ends its session.
      await Promise.allSettled([...runs.keys()].map((run) => run.leave()));
      const over = Promise.allSettled(runs.values());
      await Promise.race([over, new Promise((done) => setTimeout(done, 3000).unref())]);
    },
  };
}

async function isInstalled(sql: postgres.Sql): Promise<boolean> {
  const [row] = await sql`select to_regclass('cron.job') is not null as installed`;
  return Boolean(row?.installed);
}

async function failInterruptedRuns(sql: postgres.Sql): Promise<void> {
  if (!(await isInstalled(sql))) return;
  await sql`
    update cron.job_run_details set status = 'failed', return_message = 'server restarted', end_time = clock_timestamp()
    where status in ('starting', 'running')`;
}
