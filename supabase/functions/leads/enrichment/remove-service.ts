// Removes a service, with its secret and the questions that wait for it.
import { dataOrThrow } from "../../_shared/db/data-or-throw.ts";
import type { UserContext } from "../../_shared/http/context.ts";

/** @throws AppError not_found */
export async function removeService(
  { db }: UserContext,
  { params }: { params: { id: string } },
): Promise<void> {
  dataOrThrow(await db.rpc("remove_enrichment_service", { p_service_id: params.id }));
}
