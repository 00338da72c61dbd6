// Invites an e-mail address into the organisation. The secret is in the answer; the inviter hands it to the person.
import { parseAnswer } from "../../_shared/db/parse-answer.ts";
import type { UserContext } from "../../_shared/http/context.ts";
import type { Role } from "../../_shared/http/roles.ts";
import { type NewInvitation, newInvitation } from "./schemas.ts";

/** @throws AppError duplicate for an address that is invited or in the organisation, invalid_state at 50 open invitations */
export async function invitePerson(
  { db }: UserContext,
  { body }: { body: { email: string; role: Role } },
): Promise<NewInvitation> {
  const made = await db.rpc("invite_person", { p_email: body.email, p_role: body.role });
  const { id, email, role, invited_by, created_at, expires_at, token } = parseAnswer(made, newInvitation);
  return { id, email, role, invited_by, created_at, expires_at, token };
}
