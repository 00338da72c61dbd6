// The route table of bulk actions. A large one runs as a job: GET /leads/jobs/{id}.
import { z } from "zod";
import { object } from "../../_shared/http/responses.ts";
import { route } from "../../_shared/http/route.ts";
import { job } from "../../_shared/jobs/job.ts";
import { bulkActionInput, bulkActionResult } from "./schemas.ts";
import { startBulkAction } from "./start-bulk-action.ts";
import { undoBulkAction } from "./undo-bulk-action.ts";

export const routes = [
  route({
    method: "POST",
    path: "/bulk-actions",
    summary: "Tag, change, delete or restore many leads, or put them on a list",
    description:
      "Operators may act on ids; a filter, delete and restore need campaign_manager. Up to 1,000 leads are done at once; more become a job.",
    permission: "operator",
    request: { body: bulkActionInput },
    response: object(bulkActionResult),
    run: startBulkAction,
  }),
  route({
    method: "POST",
    path: "/bulk-actions/{id}/undo",
    summary: "Undo a bulk action, by its job, within 30 days",
    description:
      "Leads whose field was changed since are skipped and counted. What a deletion canceled in campaigns stays canceled.",
    permission: "operator",
    request: { params: z.object({ id: z.uuid() }) },
    response: object(job),
    run: undoBulkAction,
  }),
];
