// The routes of templates whose shapes are the dashboard's; the others are the area's own, by number or uuid.
import { z } from "zod";
import { empty, list } from "../../_shared/http/responses.ts";
import { route } from "../../_shared/http/route.ts";
import { routes as area } from "../../templates/routes.ts";
import { bothShapes } from "../door/both-shapes.ts";
import { mountArea, queryOf, wholeList } from "../door/mount-area.ts";
import { byNumber } from "./find-template.ts";
import {
  dashboardTemplate,
  dashboardTemplateDetail,
  templateChanges,
  templateInput,
  templatePreview,
} from "./schemas.ts";
import { templateId as params } from "./template-id.ts";
import {
  archiveRoute,
  archiveTemplate,
  createRoute,
  createTemplate,
  duplicateRoute,
  duplicateTemplate,
  getRoute,
  getTemplate,
  listRoute,
  listTemplates,
  previewRoute,
  previewTemplate,
  updateRoute,
  updateTemplate,
} from "./use-templates.ts";

const values = z.record(z.string(), z.string()).describe("Values by variable, such as {first_name: Ana}");

export const routes = mountArea("templates", area.map(byNumber), [
  route({
    method: "GET",
    path: "/templates",
    summary: "List templates, newest first",
    permission: listRoute.permission,
    request: { query: queryOf(listRoute).extend({ limit: wholeList }) },
    response: list(dashboardTemplate),
    run: listTemplates as never,
  }),
  route({
    method: "POST",
    path: "/templates",
    summary: "Create a template; the same request again within a minute gets the same template",
    permission: createRoute.permission,
    request: { body: templateInput },
    response: bothShapes(dashboardTemplateDetail, 201),
    run: createTemplate as never,
  }),
  route({
    method: "GET",
    path: "/templates/{id}",
    summary: "Read a template with its issues",
    permission: getRoute.permission,
    request: { params },
    response: bothShapes(dashboardTemplateDetail),
    run: getTemplate as never,
  }),
  route({
    method: "PATCH",
    path: "/templates/{id}",
    summary: "Change a template; messages that are planned keep the text they were planned with",
    permission: updateRoute.permission,
    request: { params, body: templateChanges },
    response: bothShapes(dashboardTemplateDetail),
    run: updateTemplate as never,
  }),
  route({
    method: "DELETE",
    path: "/templates/{id}",
    summary: "Archive a template; it stays for the messages that were sent with it",
    permission: archiveRoute.permission,
    request: { params },
    response: empty(),
    run: archiveTemplate,
  }),
  route({
    method: "POST",
    path: "/templates/{id}/duplicate",
    summary: "Make a template with the text of another",
    permission: duplicateRoute.permission,
    request: { params, body: z.strictObject({ name: z.string().optional() }).prefault({}) },
    response: bothShapes(dashboardTemplateDetail, 201),
    run: duplicateTemplate as never,
  }),
  route({
    method: "GET",
    path: "/templates/{id}/preview",
    summary: "Show what a lead would get of a template",
    permission: previewRoute.permission,
    request: { params, query: z.strictObject({ lead_id: z.uuid().optional() }) },
    response: bothShapes(templatePreview),
    run: previewTemplate,
  }),
  ...["/templates/{id}/preview", "/templates/{id}/test"].map((path) =>
    route({
      method: "POST",
      path,
      summary: "Show a template with values to try; nothing is sent",
      permission: previewRoute.permission,
      request: { params, body: values.prefault({}) },
      response: bothShapes(templatePreview),
      run: previewTemplate,
    }),
  ),
]);
