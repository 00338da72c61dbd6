// Removes a person from the organisation, at once; what they started continues.
import { dataOrThrow } from "../../_shared/db/data-or-throw.ts";
import type { UserContext } from "../../_shared/http/context.ts";

/** @throws AppError not_found, invalid_state for oneself */
export async function removePerson(
  { db }: UserContext,
  { params }: { params: { id: string } },
): Promise<void> {
  dataOrThrow(await db.rpc("remove_person", { p_user_id: params.id }));
}
