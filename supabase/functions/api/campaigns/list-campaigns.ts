// The list of campaigns in the dashboard's words.
import { z } from "zod";
import type { UserContext } from "../../_shared/http/context.ts";
import type { ListResult } from "../../_shared/http/responses.ts";
import { routes } from "../../campaigns/routes.ts";
import { callRoute } from "../door/call-route.ts";
import { queryOf, routeOf, wholeList } from "../door/mount-area.ts";
import { readPeople } from "./read-people.ts";
import {
  type Campaign,
  type DashboardCampaign,
  STATES,
  toDashboardCampaign,
} from "./to-dashboard-campaign.ts";

export const listRoute = routeOf(routes, "GET /");
const { shape } = queryOf(listRoute);
const STATUS_WORDS = [...new Set([...Object.keys(STATES), ...Object.values(STATES).flat(), "archived"])];
export const listQuery = z.strictObject({
  ...shape,
  limit: wholeList,
  status: z
    .array(z.enum(STATUS_WORDS as [string, ...string[]]))
    .optional()
    .describe("In the dashboard's words or ours"),
});

type Listed = ListResult<DashboardCampaign> | DashboardCampaign[];

/**
 * With exactly `status=running` and nothing else, the answer is the bare array that the first page reads, and the items' status is
 * `running`: its badge knows no other word.
 */
export async function listCampaigns(
  ctx: UserContext,
  { query }: { query: { status?: string[]; archived?: boolean } & Record<string, unknown> },
): Promise<unknown> {
  const { status = [], archived = false, ...rest } = query;
  const isArchived = archived || status.includes("archived");
  const states = [
    ...new Set(status.filter((word) => word !== "archived").flatMap((word) => STATES[word] ?? [word])),
  ];
  const found = await callRoute<ListResult<Campaign>>(ctx, listRoute, {
    query: { ...rest, archived: isArchived, ...(states.length > 0 && { status: states }) },
  });
  const people = await readPeople(
    ctx,
    found.data.map(({ id }) => id),
  );
  const data = found.data.map((campaign) => toDashboardCampaign(campaign, people.get(campaign.id)));
  const { search } = new URL(ctx.request.url);
  if (search === "?status=running")
    return data.map((campaign) => ({ ...campaign, status: "running" })) satisfies Listed;
  return { success: true, data, pagination: found.pagination };
}
