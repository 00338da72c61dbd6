// The route table of saved mappings.
import { z } from "zod";
import { pageFields } from "../../_shared/http/pagination.ts";
import { empty, list, object } from "../../_shared/http/responses.ts";
import { route } from "../../_shared/http/route.ts";
import { deleteMapping } from "./delete-mapping.ts";
import { listMappings } from "./list-mappings.ts";
import { saveMapping } from "./save-mapping.ts";
import { savedMapping, savedMappingInput } from "./schemas.ts";

const { page, limit, skip } = pageFields;

export const routes = [
  route({
    method: "GET",
    path: "/import/mappings",
    summary: "List saved mappings by name",
    permission: "viewer",
    request: { query: z.strictObject({ page, limit, skip }) },
    response: list(savedMapping),
    run: listMappings,
  }),
  route({
    method: "POST",
    path: "/import/mappings",
    summary: "Save a mapping under a name; it replaces one of the same name",
    permission: "campaign_manager",
    request: { body: savedMappingInput },
    response: object(savedMapping),
    run: saveMapping,
  }),
  route({
    method: "DELETE",
    path: "/import/mappings/{id}",
    summary: "Delete a saved mapping",
    permission: "campaign_manager",
    request: { params: z.object({ id: z.uuid() }) },
    response: empty(),
    run: deleteMapping,
  }),
];
