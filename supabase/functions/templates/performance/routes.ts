// The route table of how well texts work.
import { z } from "zod";
import { object } from "../../_shared/http/responses.ts";
import { route } from "../../_shared/http/route.ts";
import { compareTemplates, readPerformance } from "./read-performance.ts";
import { comparedTemplates, performanceRange, templatePerformance } from "./schemas.ts";

export const routes = [
  route({
    method: "GET",
    path: "/performance",
    summary: "Compare how well the texts work, the best first",
    permission: "viewer",
    request: { query: performanceRange },
    response: object(comparedTemplates),
    run: compareTemplates,
  }),
  route({
    method: "GET",
    path: "/{id}/performance",
    summary:
      "Say how well a text works: in total, by version and campaign, and against the others of its campaigns",
    permission: "viewer",
    request: { params: z.object({ id: z.uuid() }), query: performanceRange },
    response: object(templatePerformance),
    run: readPerformance,
  }),
];
