// Creates, changes and deletes leads in the dashboard's words.
import { AppError } from "../../_shared/http/app-error.ts";
import type { UserContext } from "../../_shared/http/context.ts";
import type { FieldNames } from "../../_shared/http/rename-fields.ts";
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
const addParcelRoute = routeOf(routes, "POST /{id}/properties");
const updateParcelRoute = routeOf(routes, "PATCH /{id}/properties/{property_id}");
const removeParcelRoute = routeOf(routes, "DELETE /{id}/properties/{property_id}");

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

/** The dashboard knows one parcel of a lead: the first. It is changed alone, so that nothing another person does to the others is lost. */
export async function updateLead(ctx: UserContext, { params, body }: { params: Params; body: Body }) {
  const { lead, parcel, names } = readLeadInput(body);
  const at = { params: { ...params } };
  if (Object.keys(lead).length > 0 || !parcel)
    await callRoute<Lead>(ctx, updateRoute, { ...at, body: lead }, names);
  if (parcel) await saveFirstParcel(ctx, params.id, parcel, names);
  return await getLead(ctx, { params });
}

async function saveFirstParcel(
  ctx: UserContext,
  id: string,
  changes: Body,
  names: FieldNames,
): Promise<void> {
  const { properties } = await callRoute<Lead>(ctx, getRoute, { params: { id } });
  const first = properties[0] as (Body & { id: string }) | undefined;
  const ofParcel = new Map([...names].map(([field, name]) => [field.replace(/^properties\.0\./, ""), name]));
  if (!first) {
    if (hasValue(changes)) await callRoute(ctx, addParcelRoute, { params: { id }, body: changes }, ofParcel);
    return;
  }
  const params = { id, property_id: first.id };
  const { county, state, situs } = first;
  const { apn, property_type, acreage, estimated_value } = { ...first, ...changes };
  if (hasValue({ county, state, situs, apn, property_type, acreage, estimated_value }))
    await callRoute(ctx, updateParcelRoute, { params, body: changes }, ofParcel);
  else await callRoute(ctx, removeParcelRoute, { params });
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

function hasValue(parcel: Body): boolean {
  return Object.values(parcel).some((value) => value !== null && value !== undefined && value !== "");
}
