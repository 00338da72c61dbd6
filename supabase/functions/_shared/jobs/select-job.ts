// The columns of a job that the API answers with.
import type { Job } from "./job.ts";

export const JOB_COLUMNS =
  "id, kind, status, input, result, total_items, done_items, items_per_second, seconds_left, error_message, created_by, created_at, started_at, finished_at" as const;

/** The job as the API shows it, from a row with at least JOB_COLUMNS. The path of its file in Storage stays internal. */
export function toJob(row: Record<string, unknown>): Job {
  const shown = Object.fromEntries(JOB_COLUMNS.split(", ").map((column) => [column, row[column]])) as Job;
  const { status, total_items, done_items, result } = shown;
  const share = total_items ? done_items / total_items : 0;
  const file = result.file as Record<string, unknown> | undefined;
  const { path: _, ...shownFile } = file ?? {};
  return {
    ...shown,
    ...(file && { result: { ...result, file: shownFile } }),
    progress: status === "completed" ? 1 : Math.round(share * 10_000) / 10_000,
  };
}
