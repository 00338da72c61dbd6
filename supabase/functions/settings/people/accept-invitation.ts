// Joins the organisation that invited the signed-in person; their own one must be unused, and goes.
import { parseAnswer } from "../../_shared/db/parse-answer.ts";
import type { UserContext } from "../../_shared/http/context.ts";
import { type Joined, joined } from "./schemas.ts";

/** @throws AppError not_found for an invitation that is gone or another address's, invalid_state where the person can't move */
export async function acceptInvitation(
  { db }: UserContext,
  { body }: { body: { token: string } },
): Promise<Joined> {
  return parseAnswer(await db.rpc("accept_invitation", { p_token: body.token }), joined);
}
