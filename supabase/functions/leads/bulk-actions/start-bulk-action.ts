// Changes many leads: at once where they are few, as a job where they are many; counts only for a dry run.
import { dataOrThrow } from "../../_shared/db/data-or-throw.ts";
import type { UserContext } from "../../_shared/http/context.ts";
import { toJob } from "../jobs/select-job.ts";
import type { BulkActionInput, BulkActionResult } from "./schemas.ts";

/** @throws AppError forbidden where ids alone would be allowed, invalid_input */
export async function startBulkAction(
  { db }: UserContext,
  { body }: { body: BulkActionInput },
): Promise<BulkActionResult> {
  const { action, ids, filter = { ids }, value, dry_run } = body;
  const answer = dataOrThrow(
    await db.rpc("start_bulk_action", { p_input: { action, filter, value, dry_run } }),
  ) as unknown as Omit<BulkActionResult, "job"> & { job: Record<string, unknown> | null };
  return { ...answer, job: answer.job && toJob(answer.job) };
}
