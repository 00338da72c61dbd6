// Runs one cron job once, on a connection of its own, and writes cron.job_run_details.
import postgres from "postgres";

export type CronJob = { jobid: string; command: string; database: string; username: string };

export type CronRun = {
  /** Resolves when the run has ended and is recorded, or was left; rejects if it could not be recorded. */
  done: Promise<void>;
  /** Leaves the run, which stays `running` in the history. For a stop of the server, which then ends the run's session. */
  leave(): Promise<void>;
};

/**
 * The command runs as the job's role, in one simple query, so several statements are one transaction, as in pg_cron.
 * Each run has its own connection, as there: nothing is cached, and nothing of a run remains for the next. The history is
 * written as there too, one transaction for each state, so that jobs cost as much here.
 * A failing command is recorded as `failed` with the server's message.
 * @param sql the scheduler's own pool, as a superuser; @param adminUrl the same superuser's URL
 */
export function startCronJob(sql: postgres.Sql, adminUrl: string, job: CronJob): CronRun {
  const connection = postgres(adminUrl, {
    max: 1,
    prepare: false,
    fetch_types: false,
    max_lifetime: null,
    onnotice: () => {},
    connection: { application_name: "pg_cron" },
  });
  const left = new AbortController();
  return {
    done: runJob(sql, connection, job, left.signal).finally(() => connection.end({ timeout: 1 })),
    leave() {
      left.abort();
      return connection.end({ timeout: 0 });
    },
  };
}

async function runJob(
  sql: postgres.Sql,
  connection: postgres.Sql,
  job: CronJob,
  left: AbortSignal,
): Promise<void> {
  const [run] = await sql`
    insert into cron.job_run_details (jobid, database, username, command, status)
    values (${job.jobid}, ${job.database}, ${job.username}, ${job.command}, 'starting')
    returning runid`;
  const { status, message } = await execute(sql, connection, job, run?.runid);
  if (left.aborted) return;
  await sql`
    update cron.job_run_details set status = ${status}, return_message = ${message}, end_time = clock_timestamp()
    where runid = ${run?.runid}`;
}

async function execute(
  sql: postgres.Sql,
  connection: postgres.Sql,
  job: CronJob,
  runId: string,
): Promise<{ status: string; message: string }> {
  try {
    await sql`update cron.job_run_details set status = 'connecting' where runid = ${runId}`;
    const [backend] = await connection`select pg_backend_pid() as pid`;
    await sql`update cron.job_run_details set status = 'sending', job_pid = ${backend?.pid} where runid = ${runId}`;
    await connection.unsafe(`set session authorization ${quoteIdentifier(job.username)}`).simple();
    await sql`update cron.job_run_details set status = 'running', start_time = clock_timestamp() where runid = ${runId}`;
    const results: unknown = await connection.unsafe(job.command).simple();
    const last = (
      Array.isArray(results) && Array.isArray(results[0]) ? results.at(-1) : results
    ) as postgres.RowList<[]>;
    const count = Number(last.count ?? 0);
    return { status: "succeeded", message: describeResult(last.command ?? "", count) };
  } catch (error) {
    return { status: "failed", message: `ERROR: ${(error as Error).message}` };
  }
}

/** As pg_cron words it: "3 rows" for a query, else the command tag. */
function describeResult(command: string, count: number): string {
  if (command === "SELECT") return `${count} row${count === 1 ? "" : "s"}`;
  return /^(INSERT|UPDATE|DELETE|MERGE)$/.test(command) ? `${command} ${count}` : command;
}

function quoteIdentifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
