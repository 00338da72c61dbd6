// The routes of quick responses: those of the area messages, at the path and in the shapes that the dashboard knows.
import { z } from "zod";
import type { UserContext } from "../../_shared/http/context.ts";
import { list } from "../../_shared/http/responses.ts";
import { route } from "../../_shared/http/route.ts";
import type { QuickResponse } from "../../messages/quick-responses/schemas.ts";
import { quickResponse } from "../../messages/quick-responses/schemas.ts";
import { routes as area } from "../../messages/routes.ts";
import { callRoute } from "../door/call-route.ts";
import { withDashboardVariables } from "../door/dashboard-variables.ts";
import { mountArea, routeOf } from "../door/mount-area.ts";

const PREFIX = "/quick-responses";
const listRoute = routeOf(area, `GET ${PREFIX}`);

const dashboardQuickResponse = quickResponse.extend({
  shortcut: z.string().describe("Empty if it has none"),
  content: z.string().describe("With variables such as {{firstName}}, which the dashboard fills in"),
});

/** All of them on one page: an organisation has 500 at most. */
async function listQuickResponses(ctx: UserContext): Promise<unknown> {
  const found = await callRoute<QuickResponse[]>(ctx, listRoute);
  const data = found.map((one) => ({
    ...one,
    shortcut: one.shortcut ?? "",
    content: withDashboardVariables(one.content),
  }));
  const pagination = { page: 1, pageSize: data.length, total: data.length, totalPages: 1 };
  return { success: true, data, pagination: { ...pagination, total_is_estimate: false, next_cursor: null } };
}

export const routes = mountArea(
  "quick-responses",
  area
    .filter(({ path }) => path === PREFIX || path.startsWith(`${PREFIX}/`))
    .map((found) => ({ ...found, path: found.path.slice(PREFIX.length) || "/" })),
  [
    route({
      method: "GET",
      path: PREFIX,
      summary: "List quick responses: shared ones and your own",
      permission: listRoute.permission,
      response: list(dashboardQuickResponse),
      run: listQuickResponses as never,
    }),
  ],
);
