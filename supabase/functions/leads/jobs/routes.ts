// The route table of jobs. Exports and bulk actions run as jobs; the Realtime channel job:<id> shows their progress.
import { z } from "zod";
import { pageFields } from "../../_shared/http/pagination.ts";
import { list, object } from "../../_shared/http/responses.ts";
import { route } from "../../_shared/http/route.ts";
import { JOB_KINDS, JOB_STATUSES, job } from "../../_shared/jobs/job.ts";
import { cancelJob } from "./cancel-job.ts";
import { getJob } from "./get-job.ts";
import { listJobs } from "./list-jobs.ts";

const params = z.object({ id: z.uuid() });

export const routes = [
  route({
    method: "GET",
    path: "/jobs",
    summary: "List jobs, newest first",
    permission: "viewer",
    request: {
      query: z.strictObject({
        ...pageFields,
        kind: z.array(z.enum(JOB_KINDS)).optional(),
        status: z.array(z.enum(JOB_STATUSES)).optional(),
      }),
    },
    response: list(job),
    run: listJobs,
  }),
  route({
    method: "GET",
    path: "/jobs/{id}",
    summary: "Read a job and its progress",
    permission: "viewer",
    request: { params },
    response: object(job),
    run: getJob,
  }),
  route({
    method: "POST",
    path: "/jobs/{id}/cancel",
    summary: "Cancel a job; what it has done so far stays done",
    description: "Needs the role that may start such a job.",
    permission: "operator",
    request: { params },
    response: object(job),
    run: cancelJob,
  }),
];
