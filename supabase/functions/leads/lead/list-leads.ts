// A page of leads: searched, filtered, in one of three orders.
import { z } from "zod";
import { longList, parseAnswer } from "../../_shared/db/parse-answer.ts";
import type { UserContext } from "../../_shared/http/context.ts";
import { type PageRequest, pageOf, pagination } from "../../_shared/http/pagination.ts";
import type { ListResult } from "../../_shared/http/responses.ts";
import type { LeadFilter } from "../../_shared/leads/lead-filter.ts";
import { type FilterQuery, filterOf } from "../filters/filter-query.ts";
import { decodeCursor, encodeCursor, isDescending, type LeadOrder } from "../filters/lead-order.ts";
import { type Lead, lead, type leadSearch } from "./schemas.ts";

interface PageQuery {
  page?: number;
  limit: number;
  skip?: number;
  cursor?: string;
}

/** What search_leads returns. */
const foundPage = z.object({
  leads: longList(lead),
  total: z.number(),
  total_is_estimate: z.boolean(),
  next: z.array(z.string()).nullable(),
});

/** @throws AppError invalid_input for a wrong filter or cursor */
export async function listLeads(
  ctx: UserContext,
  { query }: { query: PageQuery & LeadOrder & FilterQuery },
): Promise<ListResult<Lead>> {
  return await findLeads(ctx, filterOf(query), query, pageOf(query));
}

/** The same as listLeads with the filter in the body, for filters too long or too deep for a URL. */
export async function searchLeads(
  ctx: UserContext,
  { body }: { body: z.output<typeof leadSearch> },
): Promise<ListResult<Lead>> {
  return await findLeads(ctx, body.filter, body, pageOf(body));
}

async function findLeads(
  { db }: UserContext,
  filter: LeadFilter,
  order: LeadOrder,
  page: PageRequest,
): Promise<ListResult<Lead>> {
  const after = page.cursor === undefined ? undefined : decodeCursor(order, page.cursor);
  const found = parseAnswer(
    await db.rpc("search_leads", {
      p_filter: filter,
      p_sort_by: order.sort_by,
      p_descending: isDescending(order),
      p_limit: page.limit,
      p_offset: after ? 0 : page.offset,
      p_after: after,
    }),
    foundPage,
  );
  return {
    data: found.leads,
    pagination: pagination(page, found.total, {
      isEstimate: found.total_is_estimate,
      nextCursor: encodeCursor(order, found.next),
    }),
  };
}
