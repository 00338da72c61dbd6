// The jobs of an organisation, newest first.
import { dataOrThrow } from "../../_shared/db/data-or-throw.ts";
import type { UserContext } from "../../_shared/http/context.ts";
import { decodeKeyset, encodeKeyset } from "../../_shared/http/keyset.ts";
import { pageOf, pagination } from "../../_shared/http/pagination.ts";
import type { ListResult } from "../../_shared/http/responses.ts";
import type { Job } from "../../_shared/jobs/job.ts";
import { JOB_COLUMNS, toJob } from "../../_shared/jobs/select-job.ts";

export interface ListJobsQuery {
  page?: number;
  limit: number;
  skip?: number;
  cursor?: string;
  kind?: Job["kind"][];
  status?: Job["status"][];
}

/** @throws AppError invalid_input for a cursor that this list did not give */
export async function listJobs(
  { db, user }: UserContext,
  { query }: { query: ListJobsQuery },
): Promise<ListResult<Job>> {
  const page = pageOf(query);
  let rows = db
    .from("jobs")
    .select(JOB_COLUMNS, { count: "exact" })
    .eq("org_id", user.orgId)
    .order("created_at", { ascending: false })
    .order("id", { ascending: false });
  if (query.kind?.length) rows = rows.in("kind", query.kind);
  if (query.status?.length) rows = rows.in("status", query.status);
  if (page.cursor) {
    const { createdAt, id } = decodeKeyset(page.cursor);
    rows = rows.or(`created_at.lt."${createdAt}",and(created_at.eq."${createdAt}",id.lt.${id})`);
  }
  const first = page.cursor ? 0 : page.offset;
  const answer = await rows.range(first, first + page.limit - 1);
  const jobs = dataOrThrow(answer).map(toJob);
  const last = jobs.length === page.limit ? jobs.at(-1) : undefined;
  return {
    data: jobs,
    pagination: pagination(page, answer.count ?? 0, {
      nextCursor: last ? encodeKeyset({ createdAt: last.created_at, id: last.id }) : null,
    }),
  };
}
