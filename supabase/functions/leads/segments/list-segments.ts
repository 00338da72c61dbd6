// The segments of an organisation, by name.
import { dataOrThrow } from "../../_shared/db/data-or-throw.ts";
import type { UserContext } from "../../_shared/http/context.ts";
import { pageOf, pagination } from "../../_shared/http/pagination.ts";
import type { ListResult } from "../../_shared/http/responses.ts";
import type { Segment } from "./schemas.ts";
import { SEGMENT_COLUMNS } from "./segment-columns.ts";

export interface ListSegmentsQuery {
  page?: number;
  limit: number;
  skip?: number;
  kind?: Segment["kind"][];
  search?: string;
}

/** @param query `search` is part of a name, in any case */
export async function listSegments(
  { db, user }: UserContext,
  { query }: { query: ListSegmentsQuery },
): Promise<ListResult<Segment>> {
  const page = pageOf(query);
  let rows = db
    .from("segments")
    .select(SEGMENT_COLUMNS, { count: "exact" })
    .eq("org_id", user.orgId)
    .order("name")
    .order("id");
  if (query.kind?.length) rows = rows.in("kind", query.kind);
  if (query.search) rows = rows.ilike("name", `%${query.search.replace(/[\\%_]/g, "\\$&")}%`);
  const answer = await rows.range(page.offset, page.offset + page.limit - 1);
  return { data: dataOrThrow(answer) as Segment[], pagination: pagination(page, answer.count ?? 0) };
}
