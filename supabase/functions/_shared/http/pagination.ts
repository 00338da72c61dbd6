// Pages of a list: what callers may ask (page and limit, skip and limit, or a cursor) and what they are told.
import { z } from "zod";

/** The dashboard really asks for 1,000 leads at once. */
export const MAX_LIMIT = 1000;
export const DEFAULT_LIMIT = 50;

const count = (least: number, most: number) => z.coerce.number().int().min(least).max(most);

/** The query fields of every list: spread them into the route's query schema. */
export const pageFields = {
  page: count(1, 1_000_000).optional().describe("Page, from 1"),
  limit: count(1, MAX_LIMIT).default(DEFAULT_LIMIT).describe(`Rows on a page, at most ${MAX_LIMIT}`),
  skip: count(0, 1_000_000_000).optional().describe("Rows to leave out, in place of page"),
  cursor: z
    .string()
    .min(1)
    .max(500)
    .optional()
    .describe("next_cursor of the page before: for deep lists, in place of page"),
};

export interface PageRequest {
  page: number;
  limit: number;
  offset: number;
  cursor: string | undefined;
}

/** The page a query asks for. `skip` wins over `page`; a cursor makes both meaningless. */
export function pageOf(query: { page?: number; limit: number; skip?: number; cursor?: string }): PageRequest {
  const offset = query.skip ?? ((query.page ?? 1) - 1) * query.limit;
  return { page: Math.floor(offset / query.limit) + 1, limit: query.limit, offset, cursor: query.cursor };
}

/** Where a page lies in its list. Names as the existing dashboard reads them. */
export interface Pagination {
  page: number;
  pageSize: number;
  total: number;
  totalPages: number;
  total_is_estimate: boolean;
  next_cursor: string | null;
}

/**
 * @param total rows in the whole list; `isEstimate` where they were not counted one by one
 * @param nextCursor what to ask the next page with, null at the end or where the list has no cursor
 */
export function pagination(
  request: PageRequest,
  total: number,
  { isEstimate = false, nextCursor = null }: { isEstimate?: boolean; nextCursor?: string | null } = {},
): Pagination {
  return {
    page: request.page,
    pageSize: request.limit,
    total,
    totalPages: Math.ceil(total / request.limit),
    total_is_estimate: isEstimate,
    next_cursor: nextCursor,
  };
}
