// Invites an e-mail address into the organisation. The secret is in the answer, for the inviter to hand on.
import { dataOrThrow } from "../../_shared/db/data-or-throw.ts";
import type { UserContext } from "../../_shared/http/context.ts";
import type { Role } from "../../_shared/http/roles.ts";
import type { NewInvitation } from "./schemas.ts";

/** @throws AppError duplicate for an address that is invited or in the organisation, invalid_state above 50 open invitations */
export async function invitePerson(
  { db }: UserContext,
  { body }: { body: { email: string; role: Role } },
): Promise<NewInvitation> {
  const made = dataOrThrow(await db.rpc("invite_person", { p_email: body.email, p_role: body.role }));
  const { id, email, role, invited_by, created_at, expires_at, token } = made as unknown as NewInvitation;
  return { id, email, role, invited_by, created_at, expires_at, token };
}
