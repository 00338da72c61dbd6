// Changes many leads: at once if they are few, as a job if they are many. A dry run only counts.
import { z } from "zod";
import { parseAnswer } from "../../_shared/db/parse-answer.ts";
import type { UserContext } from "../../_shared/http/context.ts";
import { toJob } from "../../_shared/jobs/select-job.ts";
import { type BulkActionInput, type BulkActionResult, bulkActionResult } from "./schemas.ts";

/** What start_bulk_action returns: the whole row of its job. */
const startedAction = bulkActionResult.extend({ job: z.record(z.string(), z.unknown()).nullable() });

/** @throws AppError forbidden if a filter, delete or restore needs a higher role, invalid_input */
export async function startBulkAction(
  { db }: UserContext,
  { body }: { body: BulkActionInput },
): Promise<BulkActionResult> {
  const { action, ids, filter = { ids }, value, dry_run } = body;
  const answer = parseAnswer(
    await db.rpc("start_bulk_action", { p_input: { action, filter, value, dry_run } }),
    startedAction,
  );
  return { ...answer, job: answer.job && toJob(answer.job) };
}
