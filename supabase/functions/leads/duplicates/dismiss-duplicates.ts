// Records a person's decision that leads are different owners.
import type { z } from "zod";
import { dataOrThrow } from "../../_shared/db/data-or-throw.ts";
import type { UserContext } from "../../_shared/http/context.ts";
import type { dismissal } from "./schemas.ts";

/** @throws AppError not_found (details.merged_into for a merged lead), invalid_input */
export async function dismissDuplicates(
  { db }: UserContext,
  { body }: { body: z.output<typeof dismissal> },
): Promise<{ dismissed: number }> {
  return { dismissed: dataOrThrow(await db.rpc("dismiss_duplicates", { p_lead_ids: body.lead_ids })) };
}
