// What an idle database has used so far: CPU, WAL, the scheduler's history, calls of functions.
import type postgres from "postgres";
import { cpuOf } from "../measure/watch-cpu.ts";
import type { StackProcess } from "../stack/start-stack-process.ts";

export interface IdleSample {
  /** By this machine's clock. */
  atMs: number;
  /** CPU of all processes of the database, ended ones included. */
  cpuMs: number;
  walBytes: number;
  /** Pages that were written whole because they changed for the first time since a checkpoint. */
  wholePages: number;
  /** Id of the last run of a cron job. */
  lastRun: number;
  /** Id of the last call of a function that was queued. */
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

/** Bytes of the scheduler's history for runs after the run `after`. */
export async function readHistory(sql: postgres.Sql, after: number): Promise<number> {
  const [row] = await sql`
    select coalesce(sum(pg_column_size(d.*)), 0)::float8 as bytes from cron.job_run_details d where runid > ${after}`;
  return row?.bytes;
}

export interface JobRuns {
  job: string;
  runs: number;
  /** Total duration of its runs. */
  ms: number;
}

/** The jobs that ran after the run `after`, most often first. */
export async function readJobRuns(sql: postgres.Sql, after: number): Promise<JobRuns[]> {
  return await sql<JobRuns[]>`
    select coalesce(j.jobname, d.jobid::text) as job, count(*)::int as runs,
      coalesce(sum(extract(epoch from d.end_time - d.start_time)) * 1000, 0)::int as ms
    from cron.job_run_details d left join cron.job j using (jobid) where d.runid > ${after} group by 1 order by 2 desc, 1`;
}
