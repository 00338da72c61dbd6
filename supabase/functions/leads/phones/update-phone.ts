// Changes one phone of a lead.
import type { z } from "zod";
import { parseAnswer } from "../../_shared/db/parse-answer.ts";
import type { UserContext } from "../../_shared/http/context.ts";
import { type LeadPhone, leadPhone, type phoneChanges } from "./schemas.ts";

/** @throws AppError not_found; invalid_state if consent is granted for a person who opted out */
export async function updatePhone(
  { db }: UserContext,
  { params, body }: { params: { id: string; phone_id: string }; body: z.output<typeof phoneChanges> },
): Promise<LeadPhone> {
  const answer = await db.rpc("update_lead_phone", {
    p_lead_id: params.id,
    p_phone_id: params.phone_id,
    p_changes: body,
  });
  return parseAnswer(answer, leadPhone);
}
