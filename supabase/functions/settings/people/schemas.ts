// What people and invitations look like on the wire.
import { z } from "zod";
import { ROLES } from "../../_shared/http/roles.ts";

export const role = z.enum(ROLES);

export const person = z.object({
  id: z.uuid(),
  email: z.string(),
  role,
  is_available: z.boolean().describe("Whether conversations are given to them by themselves"),
  created_at: z.string(),
});
export type Person = z.output<typeof person>;

export const invitation = z.object({
  id: z.uuid(),
  email: z.string().describe("In lower case"),
  role,
  invited_by: z.uuid(),
  created_at: z.string(),
  expires_at: z.string(),
});
export type Invitation = z.output<typeof invitation>;

export const newInvitation = invitation.extend({
  token: z
    .string()
    .describe("The invitation's secret, shown only this once: hand it to the person. No e-mail is sent."),
});
export type NewInvitation = z.output<typeof newInvitation>;

export const invitationInput = z.strictObject({
  email: z.string().trim().min(3).max(254),
  role,
});
export const acceptInput = z.strictObject({
  token: z.string().regex(/^[0-9a-f]{64}$/, "must be the invitation's token: 64 hex digits."),
});
export const joined = z.object({ org_id: z.uuid(), role });
export type Joined = z.output<typeof joined>;
