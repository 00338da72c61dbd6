// Withdraws an open invitation: its secret is void at once.
import { dataOrThrow } from "../../_shared/db/data-or-throw.ts";
import type { UserContext } from "../../_shared/http/context.ts";

/** @throws AppError not_found */
export async function withdrawInvitation(
  { db }: UserContext,
  { params }: { params: { id: string } },
): Promise<void> {
  dataOrThrow(await db.rpc("withdraw_invitation", { p_invitation_id: params.id }));
}
