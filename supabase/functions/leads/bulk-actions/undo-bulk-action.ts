// Undoes a bulk action: gives leads back what they had, unless somebody changed it since.
import { dataOrThrow } from "../../_shared/db/data-or-throw.ts";
import type { UserContext } from "../../_shared/http/context.ts";
import type { Job } from "../../_shared/jobs/job.ts";
import { toJob } from "../../_shared/jobs/select-job.ts";

/** @throws AppError not_found, forbidden, invalid_state if it has not ended, was undone already, or ended over 30 days ago */
export async function undoBulkAction(
  { db }: UserContext,
  { params }: { params: { id: string } },
): Promise<Job> {
  const row = dataOrThrow(await db.rpc("undo_bulk_action", { p_job_id: params.id }));
  return toJob(row as Record<string, unknown>);
}
