// The list of leads, with the filters under the names that the dashboard sends.
import { z } from "zod";
import type { UserContext } from "../../_shared/http/context.ts";
import type { ListResult } from "../../_shared/http/responses.ts";
import { routes } from "../../leads/routes.ts";
import { callRoute } from "../door/call-route.ts";
import { queryOf, routeOf } from "../door/mount-area.ts";
import { UNTAGGED } from "./schemas.ts";
import { type Lead, toDashboardLead } from "./to-dashboard-lead.ts";

export const listRoute = routeOf(routes, "GET /");
const { shape } = queryOf(listRoute);
/** The area's filters by its own names, and three by the dashboard's. */
export const listQuery = z.strictObject({
  ...shape,
  leadSource: shape.source as z.ZodOptional<z.ZodArray<z.ZodString>>,
  propertyType: shape.property_type as z.ZodOptional<z.ZodArray<z.ZodString>>,
});

const NAMES = new Map([
  ["source", "leadSource"],
  ["property_type", "propertyType"],
]);

export async function listLeads(
  ctx: UserContext,
  { query }: { query: Record<string, unknown> },
): Promise<ListResult<ReturnType<typeof toDashboardLead>>> {
  const { leadSource, propertyType, tags, search, untagged, ...rest } = query;
  const asked = Array.isArray(tags) ? tags.map((tag) => String(tag).toUpperCase()) : [];
  const real = asked.filter((tag) => tag !== UNTAGGED);
  const found = await callRoute<ListResult<Lead>>(
    ctx,
    listRoute,
    {
      query: {
        ...rest,
        ...((untagged === true || asked.length > real.length) && { untagged: true }),
        ...(real.length > 0 && { tags: real }),
        ...(leadSource !== undefined && { source: leadSource }),
        ...(propertyType !== undefined && { property_type: propertyType }),
        ...(search !== undefined && { search: withoutCountryCode(String(search)) }),
      },
    },
    NAMES,
  );
  return { ...found, data: found.data.map(toDashboardLead) };
}

/** A thread asks for its lead by all eleven digits of a phone; leads are found by ten. */
function withoutCountryCode(search: string): string {
  return search.trim().replace(/^1(?=\d{10}$)/, "");
}
