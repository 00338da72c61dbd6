// Reads one lead.
import { dataOrThrow } from "../../_shared/db/data-or-throw.ts";
import type { UserContext } from "../../_shared/http/context.ts";
import type { Lead } from "./schemas.ts";

/** @throws AppError not_found, for leads of other organisations and deleted ones too */
export async function getLead({ db }: UserContext, { params }: { params: { id: string } }): Promise<Lead> {
  return dataOrThrow(await db.rpc("get_lead", { p_lead_id: params.id })) as unknown as Lead;
}
