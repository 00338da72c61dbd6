// One step of a job; if it fails, decides what becomes of the job.
import type { Direct } from "../../_shared/db/direct.ts";
import { isStatementTimeout, withStatementTimeout } from "../../_shared/db/statement-timeout.ts";
import { isTooLargeForStorage } from "../../_shared/storage/file-store.ts";
import { UnsafePathError } from "../../_shared/storage/stored-file.ts";
import { runExportStep } from "../exports/run-export-step.ts";
import type { DrainJobsDeps } from "./drain-jobs-deps.ts";
import { JobRefusal, type JobStep } from "./job-step.ts";

/** Five tries within seven minutes: a restart of the database or of Storage is over by then. */
const FIRST_RETRY_SECONDS = 5;
const LONGEST_RETRY_SECONDS = 320;
const MOST_TRIES = 5;

/**
 * How long a step of the database may take: changing a chunk takes under a second, choosing among a million leads some seconds.
 * The second try may take twice as long, and those after it three times as long; the time used delays its owner's next turn.
 */
const STEP_LIMIT_MS = 8_000;

/** @returns whether the step counts. Errors end the job or give the step back; it throws only if the database is lost. */
export async function runJobStep(step: JobStep, deps: DrainJobsDeps): Promise<boolean> {
  const { sql, log } = deps;
  const started = performance.now();
  try {
    const applied = step.work === "export" ? await runExportStep(step, deps) : await runInDatabase(step, sql);
    const ms = Math.round(performance.now() - started);
    log.info("job step done", { job: step.id, kind: step.kind, step: step.step, ms, applied });
    return applied;
  } catch (error) {
    await settleFailure(error, step, deps);
    return false;
  }
}

async function runInDatabase(step: JobStep, sql: Direct): Promise<boolean> {
  const [row] = await withStatementTimeout(
    sql,
    STEP_LIMIT_MS * Math.min(step.read_count, 3),
    (tx) => tx`select private.run_job_step(${step.id}, ${step.step}, ${step.message_id}) as result`,
  );
  return row?.result.applied as boolean;
}

async function settleFailure(error: unknown, step: JobStep, { sql, log }: DrainJobsDeps): Promise<void> {
  const reason = finalReason(error, step);
  const fields = {
    job: step.id,
    kind: step.kind,
    step: step.step,
    error: error instanceof Error ? error.message : String(error),
  };
  if (reason === null) {
    log.warn("job step given back", fields);
    const delay = Math.min(FIRST_RETRY_SECONDS * 4 ** (step.read_count - 1), LONGEST_RETRY_SECONDS);
    await sql`select private.release_job_step(${step.message_id}, ${delay})`;
  } else {
    log.error("job failed", fields);
    await sql`select private.fail_job(${step.id}, ${step.message_id}, ${reason})`;
  }
}

/** The reason that people see if another try can't help; null if it may. */
function finalReason(error: unknown, step: JobStep): string | null {
  if (error instanceof JobRefusal) return error.message;
  if (error instanceof UnsafePathError)
    return `The export was given up: ${error.message}. Start another one.`;
  if (isTooLargeForStorage(error))
    return "The file is larger than this project's Storage takes. Export fewer leads or columns.";
  const { code, message } = (error ?? {}) as { code?: unknown; message?: string };
  if (typeof code !== "string") return null;
  if (isStatementTimeout(error) && step.read_count >= MOST_TRIES)
    return "It takes too long: five tries ran out of time. Name fewer segments and values in its filter, then start it again. What was done before is done.";
  // The database's own error texts are sentences already, such as about a segment that is gone.
  if (/^PT4\d\d$/.test(code)) return message ?? null;
  // Values that Postgres refuses (class 22) or that break a rule of their table (23) will be refused again.
  return /^2[23]\w{3}$/.test(code)
    ? "Something in it could not be changed as asked. What was done before is done."
    : null;
}
