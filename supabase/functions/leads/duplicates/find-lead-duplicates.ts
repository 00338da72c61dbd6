// The leads that look like the owner of one lead.
import type { z } from "zod";
import { parseAnswer } from "../../_shared/db/parse-answer.ts";
import type { UserContext } from "../../_shared/http/context.ts";
import { duplicateGroup } from "./schemas.ts";

/** @throws AppError not_found */
export async function findLeadDuplicates(
  { db }: UserContext,
  { params }: { params: { id: string } },
): Promise<z.output<typeof duplicateGroup>> {
  const answer = await db.rpc("lead_duplicates", { p_lead_id: params.id });
  return parseAnswer(answer, duplicateGroup);
}
