// The numbers of an organisation in the order of their digits.
import { dataOrThrow } from "../_shared/db/data-or-throw.ts";
import type { UserContext } from "../_shared/http/context.ts";
import { pageOf, pagination } from "../_shared/http/pagination.ts";
import type { ListResult } from "../_shared/http/responses.ts";
import { NUMBER_COLUMNS, type NumberRow, type PhoneNumber, withUsage } from "./select-numbers.ts";

export interface ListNumbersQuery {
  page?: number;
  limit: number;
  skip?: number;
  status?: PhoneNumber["status"][];
}

/** @param query without `status`, released numbers are left out */
export async function listNumbers(
  ctx: UserContext,
  { query }: { query: ListNumbersQuery },
): Promise<ListResult<PhoneNumber>> {
  const page = pageOf(query);
  const rows = ctx.db
    .from("phone_numbers")
    .select(NUMBER_COLUMNS, { count: "exact" })
    .eq("org_id", ctx.user.orgId)
    .in("status", query.status?.length ? query.status : ["active", "paused", "quarantined"])
    .order("e164");
  const answer = await rows.range(page.offset, page.offset + page.limit - 1);
  const numbers = await withUsage(ctx, dataOrThrow(answer) as NumberRow[]);
  return { data: numbers, pagination: pagination(page, answer.count ?? 0) };
}
