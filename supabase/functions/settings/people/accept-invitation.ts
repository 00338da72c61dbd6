// Joins the organisation that invited the signed-in person; their own one must be unused, and goes.
import { dataOrThrow } from "../../_shared/db/data-or-throw.ts";
import type { UserContext } from "../../_shared/http/context.ts";
import type { Joined } from "./schemas.ts";

/** @throws AppError not_found for an invitation that is gone or another address's, invalid_state where the person can't move */
export async function acceptInvitation(
  { db }: UserContext,
  { body }: { body: { token: string } },
): Promise<Joined> {
  return dataOrThrow(await db.rpc("accept_invitation", { p_token: body.token })) as unknown as Joined;
}
