// Joins the organisation that invited the signed-in person. Their own organisation must be unused, and is deleted.
import { parseAnswer } from "../../_shared/db/parse-answer.ts";
import type { UserContext } from "../../_shared/http/context.ts";
import { type Joined, joined } from "./schemas.ts";

/** @throws AppError not_found if the invitation is gone or for another address, invalid_state if the person can't move */
export async function acceptInvitation(
  { db }: UserContext,
  { body }: { body: { token: string } },
): Promise<Joined> {
  return parseAnswer(await db.rpc("accept_invitation", { p_token: body.token }), joined);
}
