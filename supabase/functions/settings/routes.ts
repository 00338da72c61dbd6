// The route table of settings.
import { z } from "zod";
import { pageFields } from "../_shared/http/pagination.ts";
import { list, object } from "../_shared/http/responses.ts";
import { ROLES } from "../_shared/http/roles.ts";
import { route } from "../_shared/http/route.ts";
import { listAlerts } from "./list-alerts.ts";
import { routes as peopleRoutes } from "./people/routes.ts";
import { readMe } from "./read-me.ts";
import { readOrganisation } from "./read-organisation.ts";
import { resolveAlert } from "./resolve-alert.ts";
import { ALERT_SEVERITIES, alert, organisation, organisationChanges } from "./schemas.ts";
import { updateOrganisation } from "./update-organisation.ts";

const ownOrganisation = z.object({
  id: z.uuid(),
  name: z.string(),
  brand: z.string().describe("The organisation's name in messages"),
  language: z.string(),
  time_zone: z.string(),
});
const { page, limit, skip } = pageFields;

export const routes = [
  route({
    method: "GET",
    path: "/me",
    summary: "The signed-in person, their role and their organisation",
    permission: "viewer",
    response: object(
      z.object({ id: z.uuid(), email: z.string(), role: z.enum(ROLES), organization: ownOrganisation }),
    ),
    run: readMe,
  }),
  route({
    method: "GET",
    path: "/organisation",
    summary: "The organisation's settings and limits, today's spending, and its A2P registrations",
    permission: "viewer",
    response: object(organisation),
    run: readOrganisation,
  }),
  route({
    method: "PATCH",
    path: "/organisation",
    summary: "Change settings and limits: they act at once, on running campaigns too",
    permission: "admin",
    request: { body: organisationChanges },
    response: object(organisation),
    run: updateOrganisation,
  }),
  route({
    method: "GET",
    path: "/alerts",
    summary: "List alerts, which a person should look at; open ones first",
    permission: "viewer",
    request: {
      query: z.strictObject({
        page,
        limit,
        skip,
        status: z.enum(["open", "resolved", "all"]).default("all"),
        kind: z.array(z.string().max(100)).optional(),
        severity: z.array(z.enum(ALERT_SEVERITIES)).optional(),
        campaign_id: z.uuid().optional(),
      }),
    },
    response: list(alert),
    run: listAlerts,
  }),
  route({
    method: "POST",
    path: "/alerts/{id}/resolve",
    summary: "Resolve an alert; it is raised again if its cause comes back",
    permission: "operator",
    request: { params: z.object({ id: z.uuid() }) },
    response: object(alert),
    run: resolveAlert,
  }),
  ...peopleRoutes,
];
