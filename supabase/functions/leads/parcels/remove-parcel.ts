// Removes a parcel of a lead.
import { dataOrThrow } from "../../_shared/db/data-or-throw.ts";
import type { UserContext } from "../../_shared/http/context.ts";

/** @throws AppError not_found */
export async function removeParcel(
  { db }: UserContext,
  { params }: { params: { id: string; property_id: string } },
): Promise<void> {
  dataOrThrow(await db.rpc("remove_parcel", { p_lead_id: params.id, p_property_id: params.property_id }));
}
