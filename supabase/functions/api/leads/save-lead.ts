// Creates, changes and deletes leads in the dashboard's words.
import { AppError } from "../../_shared/http/app-error.ts";
import type { UserContext } from "../../_shared/http/context.ts";
import type { ListResult } from "../../_shared/http/responses.ts";
import { routes } from "../../leads/routes.ts";
import { inBothShapes } from "../door/both-shapes.ts";
import { callRoute } from "../door/call-route.ts";
import { routeOf } from "../door/mount-area.ts";
import { asRepeatable } from "../door/repeat-key.ts";
import { readLeadInput } from "./read-lead-input.ts";
import { type Lead, toDashboardLead } from "./to-dashboard-lead.ts";

export const createRoute = routeOf(routes, "POST /");
export const getRoute = routeOf(routes, "GET /{id}");
export const updateRoute = routeOf(routes, "PATCH /{id}");
export const deleteRoute = routeOf(routes, "DELETE /{id}");
const searchRoute = routeOf(routes, "POST /search");

type Body = Record<string, unknown>;
interface Params {
  id: string;
}

/** The same request within a minute gets the lead that the first one created. */
export async function createLead(ctx: UserContext, { body }: { body: Body }) {
  const { lead, parcel, names } = readLeadInput(body);
  const properties = parcel && hasValue(parcel) ? [parcel] : [];
  const created = await callRoute<Lead>(
    await asRepeatable(ctx, body),
    createRoute,
    { body: { ...(properties.length > 0 && { properties }), ...lead } },
    names,
  );
  return inBothShapes(toDashboardLead(created));
}

export async function getLead(ctx: UserContext, { params }: { params: Params }) {
  return inBothShapes(toDashboardLead(await callRoute<Lead>(ctx, getRoute, { params: { ...params } })));
}

/** The dashboard knows one parcel of a lead: the first. The others stay as they are. */
export async function updateLead(ctx: UserContext, { params, body }: { params: Params; body: Body }) {
  const { lead, parcel, names } = readLeadInput(body);
  const changes = { ...lead };
  if (parcel) {
    const { properties } = await callRoute<Lead>(ctx, getRoute, { params: { ...params } });
    const [first, ...others] = properties.map(toParcelInput);
    const changed = { ...first, ...parcel };
    changes.properties = hasValue(changed) ? [changed, ...others] : others;
  }
  const changed = await callRoute<Lead>(ctx, updateRoute, { params: { ...params }, body: changes }, names);
  return inBothShapes(toDashboardLead(changed));
}

/** A lead that is deleted already counts as done: the dashboard asks again if the first answer took too long. */
export async function deleteLead(ctx: UserContext, { params }: { params: Params }): Promise<void> {
  try {
    await callRoute<void>(ctx, deleteRoute, { params: { ...params } });
  } catch (error) {
    if (!(error instanceof AppError && error.code === "not_found")) throw error;
    const filter = { ids: [params.id], deleted: true };
    const { data } = await callRoute<ListResult<Lead>>(ctx, searchRoute, { body: { filter, limit: 1 } });
    if (data.length === 0) throw error;
  }
}

const PARCEL_FIELDS = ["apn", "county", "state", "situs", "property_type", "acreage", "estimated_value"];

function toParcelInput(parcel: object): Body {
  return Object.fromEntries(PARCEL_FIELDS.map((field) => [field, (parcel as Body)[field]]));
}

function hasValue(parcel: Body): boolean {
  return Object.values(parcel).some((value) => value !== null && value !== undefined && value !== "");
}
