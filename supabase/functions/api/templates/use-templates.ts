// Lists, saves and shows templates in the dashboard's words.
import type { z } from "zod";
import type { UserContext } from "../../_shared/http/context.ts";
import type { ListResult } from "../../_shared/http/responses.ts";
import { routes } from "../../templates/routes.ts";
import { inBothShapes } from "../door/both-shapes.ts";
import { callRoute } from "../door/call-route.ts";
import { routeOf } from "../door/mount-area.ts";
import { asRepeatable } from "../door/repeat-key.ts";
import { findTemplateId } from "./find-template.ts";
import { guessLanguage, languageOf } from "./guess-language.ts";
import type { templateChanges, templateInput } from "./schemas.ts";
import { type Template, toDashboardTemplate } from "./to-dashboard-template.ts";

export const listRoute = routeOf(routes, "GET /");
export const createRoute = routeOf(routes, "POST /");
export const getRoute = routeOf(routes, "GET /{id}");
export const updateRoute = routeOf(routes, "PATCH /{id}");
export const archiveRoute = routeOf(routes, "DELETE /{id}");
export const duplicateRoute = routeOf(routes, "POST /{id}/duplicate");
export const previewRoute = routeOf(routes, "POST /{id}/preview");

interface OfTemplate {
  params: { id: string };
}

export async function listTemplates(
  ctx: UserContext,
  { query }: { query: Record<string, unknown> },
): Promise<ListResult<ReturnType<typeof toDashboardTemplate>>> {
  const found = await callRoute<ListResult<Template>>(ctx, listRoute, { query });
  return { ...found, data: found.data.map(toDashboardTemplate) };
}

/** The same request within a minute gets the template that the first one created. */
export async function createTemplate(ctx: UserContext, { body }: { body: z.output<typeof templateInput> }) {
  const { name, content, category, language = await languageOf(ctx, content) } = body;
  const is_active = body.is_active ?? body.isActive ?? true;
  const created = await callRoute<Template>(await asRepeatable(ctx, body), createRoute, {
    body: { name, content, category, language, is_active },
  });
  return inBothShapes(toDashboardTemplate(created));
}

export async function getTemplate(ctx: UserContext, { params }: OfTemplate) {
  return inBothShapes(
    toDashboardTemplate(await callRoute<Template>(ctx, getRoute, await ofTemplate(ctx, params))),
  );
}

/** A text that is clearly in the other language changes the template's language, too, unless the caller names one. */
export async function updateTemplate(
  ctx: UserContext,
  { params, body }: OfTemplate & { body: z.output<typeof templateChanges> },
) {
  const { tags: _tags, variables: _variables, isActive, ...changes } = body;
  const is_active = changes.is_active ?? isActive;
  const language =
    changes.language ?? (changes.content === undefined ? undefined : guessLanguage(changes.content));
  const changed = await callRoute<Template>(ctx, updateRoute, {
    ...(await ofTemplate(ctx, params)),
    body: { ...changes, ...(language && { language }), ...(is_active !== undefined && { is_active }) },
  });
  return inBothShapes(toDashboardTemplate(changed));
}

/** Archives it. One that is archived already counts as done. */
export async function archiveTemplate(ctx: UserContext, { params }: OfTemplate): Promise<void> {
  await callRoute<void>(ctx, archiveRoute, await ofTemplate(ctx, params));
}

export async function duplicateTemplate(
  ctx: UserContext,
  { params, body }: OfTemplate & { body: { name?: string | undefined } },
) {
  const copy = await callRoute<Template>(ctx, duplicateRoute, { ...(await ofTemplate(ctx, params)), body });
  return inBothShapes(toDashboardTemplate(copy));
}

interface Preview {
  text: string | null;
  segments: number | null;
  encoding: string | null;
  characters: number | null;
  cost: number | null;
  missing: string[];
}

/** @param body values by any spelling of a variable; without them each variable shows its fallback, or is missing */
export async function previewTemplate(
  ctx: UserContext,
  {
    params,
    body,
    query,
  }: OfTemplate & { body?: Record<string, string>; query?: { lead_id?: string | undefined } },
) {
  const { text, segments, encoding, characters, cost, missing } = await callRoute<Preview>(
    ctx,
    previewRoute,
    {
      ...(await ofTemplate(ctx, params)),
      body: { ...(query?.lead_id && { lead_id: query.lead_id }), ...(body && { values: body }) },
    },
  );
  return inBothShapes({
    preview_content: text,
    rendered: text,
    segments,
    encoding,
    characters,
    cost,
    missing,
  });
}

async function ofTemplate(ctx: UserContext, { id }: { id: string }) {
  return { params: { id: await findTemplateId(ctx, id) } };
}
