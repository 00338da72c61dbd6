// Reads one job.
import { dataOrThrow } from "../../_shared/db/data-or-throw.ts";
import { AppError } from "../../_shared/http/app-error.ts";
import type { UserContext } from "../../_shared/http/context.ts";
import type { Job } from "../../_shared/jobs/job.ts";
import { JOB_COLUMNS, toJob } from "../../_shared/jobs/select-job.ts";

/** @throws AppError not_found */
export async function getJob(
  { db, user }: UserContext,
  { params }: { params: { id: string } },
): Promise<Job> {
  const row = dataOrThrow(
    await db.from("jobs").select(JOB_COLUMNS).eq("org_id", user.orgId).eq("id", params.id).maybeSingle(),
  );
  if (!row) throw new AppError("not_found", "There is no job with this id.");
  return toJob(row);
}
