// What a database has used so far that nobody asks anything of: CPU, WAL, the scheduler's history, calls of functions.
import type postgres from "postgres";
import { cpuOf } from "../measure/watch-cpu.ts";
import type { StackProcess } from "../stack/start-stack-process.ts";

export interface IdleSample {
  /** By this machine's clock. */
  atMs: number;
  /** Of all processes of the database, ended ones included. */
  cpuMs: number;
  walBytes: number;
  /** Whole pages that were written because they changed for the first time since a checkpoint. */
  wholePages: number;
  /** Runs of cron jobs that were begun. */
  lastRun: number;
  /** Calls of functions that were queued. */
  lastCall: number;
}

export async function sampleIdle(stack: StackProcess, sql: postgres.Sql): Promise<IdleSample> {
  const { database } = await stack.pids();
  const cpuMs = await cpuOf(database);
  const [row] = await sql`
    select pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::float8 as wal, (select wal_fpi::int from pg_stat_wal) as pages,
      (select coalesce(max(runid), 0)::int from cron.job_run_details) as run, (select last_value::int from net.http_request_queue_id_seq) as call`;
  return {
    atMs: performance.now(),
    cpuMs,
    walBytes: row?.wal,
    wholePages: row?.pages,
    lastRun: row?.run,
    lastCall: row?.call,
  };
}

/** Bytes of the scheduler's history that was written after a run. */
export async function readHistory(sql: postgres.Sql, after: number): Promise<number> {
  const [row] = await sql`
    select coalesce(sum(pg_column_size(d.*)), 0)::float8 as bytes from cron.job_run_details d where runid > ${after}`;
  return row?.bytes;
}

export interface JobRuns {
  job: string;
  runs: number;
  /** What its runs took together. */
  ms: number;
}

/** Which jobs ran after a run, most often first. */
export async function readJobRuns(sql: postgres.Sql, after: number): Promise<JobRuns[]> {
  return await sql<JobRuns[]>`
    select coalesce(j.jobname, d.jobid::text) as job, count(*)::int as runs,
      coalesce(sum(extract(epoch from d.end_time - d.start_time)) * 1000, 0)::int as ms
    from cron.job_run_details d left join cron.job j using (jobid) where d.runid > ${after} group by 1 order by 2 desc, 1`;
}
