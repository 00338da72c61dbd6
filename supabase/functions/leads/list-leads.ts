// A page of leads, newest first, searched and filtered.
import { dataOrThrow } from "../_shared/db/data-or-throw.ts";
import type { UserContext } from "../_shared/http/context.ts";
import { decodeKeyset, encodeKeyset } from "../_shared/http/keyset.ts";
import { pageOf, pagination } from "../_shared/http/pagination.ts";
import type { ListResult } from "../_shared/http/responses.ts";
import { parseState } from "../_shared/leads/us-states.ts";
import type { Lead } from "./schemas.ts";

export interface ListLeadsQuery {
  page?: number;
  limit: number;
  skip?: number;
  cursor?: string;
  search?: string;
  county?: string[];
  state?: string[];
  status?: string[];
  tags?: string[];
}

/** What search_leads returns. */
interface Found {
  leads: Lead[];
  total: number;
  total_is_estimate: boolean;
  next: { created_at: string; id: string } | null;
}

/** @throws AppError invalid_input for a cursor that is none of this list's */
export async function listLeads(
  { db }: UserContext,
  { query }: { query: ListLeadsQuery },
): Promise<ListResult<Lead>> {
  const page = pageOf(query);
  const after = page.cursor === undefined ? undefined : decodeKeyset(page.cursor);
  const found = dataOrThrow(
    await db.rpc("search_leads", {
      p_search: query.search,
      p_counties: query.county,
      p_states: query.state?.map((state) => parseState(state) ?? state),
      p_statuses: query.status,
      p_tags: query.tags?.map((tag) => tag.toUpperCase()),
      p_limit: page.limit,
      p_offset: after ? 0 : page.offset,
      p_before: after?.createdAt,
      p_before_id: after?.id,
    }),
  ) as unknown as Found;
  const nextCursor = found.next && encodeKeyset({ createdAt: found.next.created_at, id: found.next.id });
  return {
    data: found.leads,
    pagination: pagination(page, found.total, { isEstimate: found.total_is_estimate, nextCursor }),
  };
}
