// Merges leads into one, or says what a merge would do.
import type { z } from "zod";
import { parseAnswer } from "../../_shared/db/parse-answer.ts";
import type { UserContext } from "../../_shared/http/context.ts";
import { merge, type mergeInput } from "./schemas.ts";

/** @throws AppError not_found (details.merged_into for a lead merged before), invalid_input, try_again */
export async function mergeLeads(
  { db }: UserContext,
  { body }: { body: z.output<typeof mergeInput> },
): Promise<z.output<typeof merge>> {
  const answer = await db.rpc("merge_leads", {
    p_keep_id: body.keep_id,
    p_merge_ids: body.merge_ids,
    p_prefer: body.prefer ?? {},
    p_dry_run: body.dry_run,
  });
  return parseAnswer(answer, merge);
}
