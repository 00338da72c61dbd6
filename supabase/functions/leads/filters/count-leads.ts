// How many leads match a filter.
import { dataOrThrow } from "../../_shared/db/data-or-throw.ts";
import type { UserContext } from "../../_shared/http/context.ts";
import type { LeadFilter } from "../../_shared/leads/lead-filter.ts";

/** Exact to 10,000, estimated above. @throws AppError invalid_input */
export async function countLeads(
  { db }: UserContext,
  { body }: { body: { filter: LeadFilter } },
): Promise<{ total: number; total_is_estimate: boolean }> {
  return dataOrThrow(await db.rpc("count_leads", { p_filter: body.filter })) as {
    total: number;
    total_is_estimate: boolean;
  };
}
