// The routes of leads whose shapes are the dashboard's; the others are the area's own.
import { z } from "zod";
import { empty, list } from "../../_shared/http/responses.ts";
import { route } from "../../_shared/http/route.ts";
import { routes as area } from "../../leads/routes.ts";
import { bothShapes } from "../door/both-shapes.ts";
import { mountArea } from "../door/mount-area.ts";
import { importLeads, importRoute, progressRoute, readImport } from "./import-leads.ts";
import { listLeads, listQuery, listRoute } from "./list-leads.ts";
import {
  createLead,
  createRoute,
  deleteLead,
  deleteRoute,
  getLead,
  getRoute,
  updateLead,
  updateRoute,
} from "./save-lead.ts";
import { bulkResult, bulkUpdate, dashboardLead, dashboardLeadInput, importProgress } from "./schemas.ts";
import { bulkRoute, updateLeads } from "./update-leads.ts";

const params = z.object({ id: z.uuid() });

export const routes = mountArea("leads", area, [
  route({
    method: "GET",
    path: "/leads",
    summary: "List, search and filter leads",
    permission: listRoute.permission,
    request: { query: listQuery },
    response: list(dashboardLead),
    run: listLeads as never,
  }),
  route({
    method: "POST",
    path: "/leads",
    summary: "Create a lead; the same request again within a minute gets the same lead",
    permission: createRoute.permission,
    request: { body: dashboardLeadInput },
    response: bothShapes(dashboardLead, 201),
    run: createLead as never,
  }),
  route({
    method: "GET",
    path: "/leads/{id}",
    summary: "Read a lead",
    permission: getRoute.permission,
    request: { params },
    response: bothShapes(dashboardLead),
    run: getLead as never,
  }),
  route({
    method: "PATCH",
    path: "/leads/{id}",
    summary: "Change the given fields of a lead; an empty text empties a field",
    permission: updateRoute.permission,
    request: { params, body: dashboardLeadInput },
    response: bothShapes(dashboardLead),
    run: updateLead as never,
  }),
  route({
    method: "DELETE",
    path: "/leads/{id}",
    summary: "Delete a lead; one that is deleted already counts as done",
    permission: deleteRoute.permission,
    request: { params },
    response: empty(),
    run: deleteLead,
  }),
  route({
    method: "PUT",
    path: "/leads/bulk",
    summary: "Set the status, score or source of many leads",
    permission: bulkRoute.permission,
    request: { body: bulkUpdate },
    response: bothShapes(bulkResult),
    run: updateLeads,
  }),
  ...["/leads/import", "/leads/import/execute"].map((path) =>
    route({
      method: "POST",
      path,
      summary: "Import a CSV; GET /leads/import/{id} tells how far it is",
      description:
        "Body: multipart/form-data with the CSV in `file`, and optional `mappings` (JSON {column: field}), `bulkTags` (JSON list), `autoTaggingEnabled`, `taggingOptions` (JSON {includeTimeTag, includeGeographicTag, includePropertyTag, customUploadDate}); or the CSV itself as text/csv; or JSON {csv: the text of the file}. The fields of POST /functions/v1/leads/import/execute are understood too. A file of up to 1 MB is mostly done when this is answered.",
      permission: importRoute.permission,
      response: bothShapes(importProgress, 201),
      run: importLeads,
    }),
  ),
  route({
    method: "GET",
    path: "/leads/import/{id}",
    summary: "Tell how far an import is",
    permission: progressRoute.permission,
    request: { params },
    response: bothShapes(importProgress),
    run: readImport,
  }),
]);
