// One step of a job; decides what becomes of the job where it fails.
import { UnsafePathError } from "../../_shared/storage/stored-file.ts";
import type { DrainJobsDeps } from "./drain-jobs.ts";
import { runExportStep } from "./exports/run-export-step.ts";
import { JobRefusal, type JobStep } from "./job-step.ts";

/** Five tries within seven minutes: a restart of the database or of Storage is over by then. */
const FIRST_RETRY_SECONDS = 5;
const LONGEST_RETRY_SECONDS = 320;

/** @returns whether the step counts. Errors end the job or give the step back; none is thrown but a lost database's. */
export async function runJobStep(step: JobStep, deps: DrainJobsDeps): Promise<boolean> {
  const { sql, log } = deps;
  const started = performance.now();
  try {
    const applied =
      step.work === "export"
        ? await runExportStep(step, deps)
        : ((await sql`select private.run_job_step(${step.id}, ${step.step}, ${step.message_id}) as result`)[0]
            ?.result.applied as boolean);
    const ms = Math.round(performance.now() - started);
    log.info("job step done", { job: step.id, kind: step.kind, step: step.step, ms, applied });
    return applied;
  } catch (error) {
    await settleFailure(error, step, deps);
    return false;
  }
}

async function settleFailure(error: unknown, step: JobStep, { sql, log }: DrainJobsDeps): Promise<void> {
  const reason = finalReason(error);
  const fields = {
    ...{ job: step.id, kind: step.kind, step: step.step },
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

/** What people are told where trying again can't help, null where it may. */
function finalReason(error: unknown): string | null {
  if (error instanceof JobRefusal) return error.message;
  if (error instanceof UnsafePathError)
    return `The export was given up: ${error.message}. Start another one.`;
  const { code, message } = (error ?? {}) as { code?: unknown; message?: string };
  if (typeof code !== "string") return null;
  // Our own sentences, such as of a segment that is gone.
  if (/^PT4\d\d$/.test(code)) return message ?? null;
  // Values that Postgres refuses (class 22) or that break a rule of their table (23) will be refused again.
  return /^2[23]\w{3}$/.test(code)
    ? "A lead could not be changed as asked. What was done before is done."
    : null;
}
