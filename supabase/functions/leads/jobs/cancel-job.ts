// Cancels a job; what it has done so far stays done.
import { dataOrThrow } from "../../_shared/db/data-or-throw.ts";
import type { UserContext } from "../../_shared/http/context.ts";
import type { Job } from "../../_shared/jobs/job.ts";
import { toJob } from "../../_shared/jobs/select-job.ts";

/** @throws AppError not_found, forbidden, invalid_state if it has ended */
export async function cancelJob({ db }: UserContext, { params }: { params: { id: string } }): Promise<Job> {
  const row = dataOrThrow(await db.rpc("cancel_job", { p_job_id: params.id }));
  return toJob(row as Record<string, unknown>);
}
