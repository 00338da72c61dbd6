// The routes of quick responses.
import { z } from "zod";
import { created, empty, object } from "../../_shared/http/responses.ts";
import { route } from "../../_shared/http/route.ts";
import {
  createQuickResponse,
  deleteQuickResponse,
  listQuickResponses,
  updateQuickResponse,
} from "./quick-responses.ts";
import { quickResponse, quickResponseChanges, quickResponseInput } from "./schemas.ts";

const params = z.object({ id: z.uuid() });

export const routes = [
  route({
    method: "GET",
    path: "/quick-responses",
    summary: "List quick responses: shared ones and your own",
    permission: "viewer",
    response: object(z.array(quickResponse)),
    run: listQuickResponses,
  }),
  route({
    method: "POST",
    path: "/quick-responses",
    summary: "Create a quick response: your own, or a shared one as campaign manager",
    permission: "operator",
    request: { body: quickResponseInput },
    response: created(quickResponse),
    run: createQuickResponse,
  }),
  route({
    method: "PATCH",
    path: "/quick-responses/{id}",
    summary: "Change a quick response",
    permission: "operator",
    request: { params, body: quickResponseChanges },
    response: object(quickResponse),
    run: updateQuickResponse,
  }),
  route({
    method: "DELETE",
    path: "/quick-responses/{id}",
    summary: "Delete a quick response",
    permission: "operator",
    request: { params },
    response: empty(),
    run: deleteQuickResponse,
  }),
];
