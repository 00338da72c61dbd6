// The route table of exports. An export is a job: GET /leads/jobs/{id} shows its progress.
import { z } from "zod";
import { accepted, object } from "../../_shared/http/responses.ts";
import { route } from "../../_shared/http/route.ts";
import { job } from "../../_shared/jobs/job.ts";
import { createExport } from "./create-export.ts";
import { linkExport } from "./link-export.ts";
import { exportInput, exportLink } from "./schemas.ts";

export const routes = [
  route({
    method: "POST",
    path: "/exports",
    summary: "Export leads to a CSV file or a workbook, as a job",
    permission: "operator",
    request: { body: exportInput },
    response: accepted(job),
    run: createExport,
  }),
  route({
    method: "GET",
    path: "/exports/{id}/download",
    summary: "Get a link to the file of a completed export, which is kept for seven days",
    permission: "operator",
    request: { params: z.object({ id: z.uuid() }) },
    response: object(exportLink),
    run: linkExport,
  }),
];
