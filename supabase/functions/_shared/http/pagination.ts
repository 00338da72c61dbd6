// Pages of a list: what callers may ask for (page and limit, skip and limit, or a cursor) and what the answer says.
import { z } from "zod";

/** The dashboard asks for 1,000 leads at once. */
export const MAX_LIMIT = 1000;
export const DEFAULT_LIMIT = 50;

const count = (least: number, most: number) => z.coerce.number().int().min(least).max(most);

/** The query fields of every list: spread them into the route's query schema. */
export const pageFields = {
  page: count(1, 1_000_000).optional().describe("Page, from 1"),
  limit: count(1, MAX_LIMIT).default(DEFAULT_LIMIT).describe(`Rows on a page, at most ${MAX_LIMIT}`),
  skip: count(0, 1_000_000_000).optional().describe("Rows to leave out, instead of page"),
  cursor: z
    .string()
    .min(1)
    .max(500)
    .optional()
    .describe("next_cursor of the previous page: for deep lists, instead of page"),
};

export interface PageRequest {
  page: number;
  limit: number;
  offset: number;
  cursor: string | undefined;
}

/** The page that a query asks for. `skip` wins over `page`; with a cursor, both are ignored. */
export function pageOf(query: { page?: number; limit: number; skip?: number; cursor?: string }): PageRequest {
  const offset = query.skip ?? ((query.page ?? 1) - 1) * query.limit;
  return { page: Math.floor(offset / query.limit) + 1, limit: query.limit, offset, cursor: query.cursor };
}

/** The place of a page in its list. The names are those that the existing dashboard reads. */
export const paginationSchema = z.object({
  page: z.int(),
  pageSize: z.int(),
  total: z.int(),
  totalPages: z.int(),
  total_is_estimate: z.boolean(),
  next_cursor: z.string().nullable(),
});
export type Pagination = z.output<typeof paginationSchema>;

/**
 * @param total rows in the whole list; `isEstimate` if they were not counted one by one
 * @param nextCursor the cursor of the next page, null at the end or if the list has no cursors
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
