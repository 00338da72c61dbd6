// The route table of statistics of leads.
import { z } from "zod";
import { object } from "../../_shared/http/responses.ts";
import { route } from "../../_shared/http/route.ts";
import { filterFields } from "../filters/filter-query.ts";
import { readStatistics } from "./read-statistics.ts";
import { leadStatistics } from "./schemas.ts";

export const routes = [
  route({
    method: "GET",
    path: "/statistics",
    summary: "Figures of all leads, or of those that fit a filter",
    permission: "viewer",
    request: { query: z.strictObject(filterFields) },
    response: object(leadStatistics),
    run: readStatistics,
  }),
];
