// The routes of people and invitations.
import { z } from "zod";
import { pageFields } from "../../_shared/http/pagination.ts";
import { created, empty, list, object } from "../../_shared/http/responses.ts";
import { route } from "../../_shared/http/route.ts";
import { acceptInvitation } from "./accept-invitation.ts";
import { changeRole } from "./change-role.ts";
import { invitePerson } from "./invite-person.ts";
import { listInvitations } from "./list-invitations.ts";
import { listPeople } from "./list-people.ts";
import { removePerson } from "./remove-person.ts";
import { acceptInput, invitation, invitationInput, joined, newInvitation, person, role } from "./schemas.ts";
import { setAvailability } from "./set-availability.ts";
import { withdrawInvitation } from "./withdraw-invitation.ts";

const { page, limit, skip } = pageFields;
const params = z.object({ id: z.uuid() });
const query = z.object({ page, limit, skip });

export const routes = [
  route({
    method: "GET",
    path: "/people",
    summary: "The people of the organisation and their roles",
    permission: "viewer",
    request: { query },
    response: list(person),
    run: listPeople,
  }),
  route({
    method: "PATCH",
    path: "/people/{id}",
    summary: "Give another person a role; it applies from their next request on",
    permission: "admin",
    request: { params, body: z.strictObject({ role }) },
    response: object(person),
    run: changeRole,
  }),
  route({
    method: "PUT",
    path: "/people/{id}/availability",
    summary: "Say whether conversations are given to a person by themselves; admins for others",
    permission: "operator",
    request: { params, body: z.strictObject({ is_available: z.boolean() }) },
    response: object(person),
    run: setAvailability,
  }),
  route({
    method: "DELETE",
    path: "/people/{id}",
    summary: "Remove another person from the organisation, at once; what they started continues",
    permission: "admin",
    request: { params },
    response: empty(),
    run: removePerson,
  }),
  route({
    method: "GET",
    path: "/invitations",
    summary: "The open invitations, newest first, without their secrets",
    permission: "admin",
    request: { query },
    response: list(invitation),
    run: listInvitations,
  }),
  route({
    method: "POST",
    path: "/invitations",
    summary: "Invite an e-mail address for seven days; hand the token to the person, no e-mail is sent",
    permission: "admin",
    request: { body: invitationInput },
    response: created(newInvitation),
    run: invitePerson,
  }),
  route({
    method: "DELETE",
    path: "/invitations/{id}",
    summary: "Withdraw an open invitation",
    permission: "admin",
    request: { params },
    response: empty(),
    run: withdrawInvitation,
  }),
  route({
    method: "POST",
    path: "/invitations/accept",
    summary: "Accept an invitation to your confirmed e-mail address; your own organisation must be unused",
    permission: "viewer",
    request: { body: acceptInput },
    response: object(joined),
    run: acceptInvitation,
  }),
];
