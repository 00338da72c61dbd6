// Figures of all leads, or of those that fit a filter.
import { dataOrThrow } from "../../_shared/db/data-or-throw.ts";
import type { UserContext } from "../../_shared/http/context.ts";
import { type FilterQuery, filterOf } from "../filters/filter-query.ts";
import type { LeadStatistics } from "./schemas.ts";

/** @throws AppError invalid_input */
export async function readStatistics(
  { db }: UserContext,
  { query }: { query: FilterQuery },
): Promise<LeadStatistics> {
  const figures = dataOrThrow(await db.rpc("lead_statistics", { p_filter: filterOf(query) }));
  return figures as unknown as LeadStatistics;
}
