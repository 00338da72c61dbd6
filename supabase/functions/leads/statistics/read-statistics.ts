// Figures of all leads, or of those that fit a filter.
import { parseAnswer } from "../../_shared/db/parse-answer.ts";
import type { UserContext } from "../../_shared/http/context.ts";
import { type FilterQuery, filterOf } from "../filters/filter-query.ts";
import { type LeadStatistics, leadStatistics } from "./schemas.ts";

/** @throws AppError invalid_input */
export async function readStatistics(
  { db }: UserContext,
  { query }: { query: FilterQuery },
): Promise<LeadStatistics> {
  return parseAnswer(await db.rpc("lead_statistics", { p_filter: filterOf(query) }), leadStatistics);
}
