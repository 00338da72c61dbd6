// Deletes a blueprint; campaigns that were made of it stay.
import { dataOrThrow } from "../../_shared/db/data-or-throw.ts";
import type { UserContext } from "../../_shared/http/context.ts";

/** @throws AppError not_found */
export async function deleteBlueprint(
  { db }: UserContext,
  { params }: { params: { id: string } },
): Promise<void> {
  dataOrThrow(await db.rpc("delete_blueprint", { p_blueprint_id: params.id }));
}
