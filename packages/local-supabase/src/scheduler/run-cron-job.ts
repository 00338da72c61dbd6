// Runs one cron job once and writes cron.job_run_details.
import type postgres from "postgres";

export type CronJob = { jobid: string; command: string; database: string; username: string };

/**
 * The command runs as the job's role, in one simple query, so several statements are one transaction, as in pg_cron.
 * Never throws: a failing command is recorded as `failed` with the server's message.
 */
export async function runCronJob(sql: postgres.Sql, job: CronJob): Promise<void> {
  const connection = await sql.reserve();
  try {
    const [run] = await connection`
      insert into cron.job_run_details (jobid, job_pid, database, username, command, status, start_time)
      values (${job.jobid}, pg_backend_pid(), ${job.database}, ${job.username}, ${job.command}, 'running', clock_timestamp())
      returning runid`;
    const { status, message } = await execute(connection, job);
    await leaveNothing(connection);
    await connection`
      update cron.job_run_details set status = ${status}, return_message = ${message}, end_time = clock_timestamp()
      where runid = ${run?.runid}`;
  } finally {
    connection.release();
  }
}

async function execute(
  connection: postgres.ReservedSql,
  job: CronJob,
): Promise<{ status: string; message: string }> {
  try {
    await connection.unsafe(`set session authorization ${quoteIdentifier(job.username)}`).simple();
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

/** As pg_cron words it: "3 rows" of a query, else the command tag. */
function describeResult(command: string, count: number): string {
  if (command === "SELECT") return `${count} row${count === 1 ? "" : "s"}`;
  return /^(INSERT|UPDATE|DELETE|MERGE)$/.test(command) ? `${command} ${count}` : command;
}

/** Role, settings, locks and an open transaction of the command end here. */
async function leaveNothing(connection: postgres.ReservedSql): Promise<void> {
  try {
    await connection.unsafe("discard all").simple();
  } catch {
    // Refused inside a transaction. Not rolled back beforehand: outside of one that would be a warning per run.
    await connection.unsafe("rollback").simple();
    await connection.unsafe("discard all").simple();
  }
}

function quoteIdentifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
