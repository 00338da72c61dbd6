// Deletes a lead softly: its row stays, hidden.
import { dataOrThrow } from "../../_shared/db/data-or-throw.ts";
import type { UserContext } from "../../_shared/http/context.ts";

/** @throws AppError not_found */
export async function deleteLead({ db }: UserContext, { params }: { params: { id: string } }): Promise<void> {
  dataOrThrow(await db.rpc("delete_lead", { p_lead_id: params.id }));
}
