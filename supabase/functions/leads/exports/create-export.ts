// Starts an export; the worker writes the file.
import { dataOrThrow } from "../../_shared/db/data-or-throw.ts";
import type { UserContext } from "../../_shared/http/context.ts";
import type { Job } from "../../_shared/jobs/job.ts";
import { toJob } from "../../_shared/jobs/select-job.ts";
import type { ExportRequest } from "./schemas.ts";

/** @throws AppError invalid_input for a filter the database refuses */
export async function createExport({ db }: UserContext, { body }: { body: ExportRequest }): Promise<Job> {
  const { filter, format, columns = null, rows_per } = body;
  const row = dataOrThrow(
    await db.rpc("create_export", { p_filter: filter, p_options: { format, columns, rows_per } }),
  );
  return toJob(row as Record<string, unknown>);
}
