// Reads one lead.
import { parseAnswer } from "../../_shared/db/parse-answer.ts";
import type { UserContext } from "../../_shared/http/context.ts";
import { type Lead, lead } from "./schemas.ts";

/** @throws AppError not_found, for leads of other organisations and deleted ones too */
export async function getLead({ db }: UserContext, { params }: { params: { id: string } }): Promise<Lead> {
  return parseAnswer(await db.rpc("get_lead", { p_lead_id: params.id }), lead);
}
