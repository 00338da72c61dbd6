// Changes a lead.
import type { z } from "zod";
import { parseAnswer } from "../../_shared/db/parse-answer.ts";
import type { UserContext } from "../../_shared/http/context.ts";
import { readPhoneFields } from "./read-phone-fields.ts";
import { type Lead, lead, type leadChanges } from "./schemas.ts";

/** @throws AppError not_found, invalid_input, or duplicate naming the lead that has one of the phones */
export async function updateLead(
  { db }: UserContext,
  { params, body }: { params: { id: string }; body: z.output<typeof leadChanges> },
): Promise<Lead> {
  const { allow_duplicate_phone = false, ...changes } = readPhoneFields(body);
  const answer = await db.rpc("update_lead", {
    p_lead_id: params.id,
    p_changes: changes,
    p_allow_duplicate_phone: allow_duplicate_phone,
  });
  return parseAnswer(answer, lead);
}
