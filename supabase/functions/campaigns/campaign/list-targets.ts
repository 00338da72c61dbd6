// The targets of a campaign in the order they are sent, with the reason each was left out or failed.
import type { z } from "zod";
import { dataOrThrow } from "../../_shared/db/data-or-throw.ts";
import type { UserContext } from "../../_shared/http/context.ts";
import { pageOf, pagination } from "../../_shared/http/pagination.ts";
import type { ListResult } from "../../_shared/http/responses.ts";
import { getCampaign } from "./get-campaign.ts";
import type { target } from "./schemas.ts";

type Target = z.output<typeof target>;
const COLUMNS =
  "id, lead_id, e164, step, variant, state, delivery, reason, attempts, error_code, needs_attention, message_id, phone_number_id, sent_at, created_at, ordinal";

export interface ListTargetsQuery {
  page?: number;
  limit: number;
  skip?: number;
  cursor?: string;
  state?: Target["state"][];
  step?: number;
  reason?: string;
  needs_attention?: boolean;
}

/** @param query `cursor` is the ordinal of the last target of the previous page */
export async function listTargets(
  ctx: UserContext,
  { params, query }: { params: { id: string }; query: ListTargetsQuery },
): Promise<ListResult<Target>> {
  await getCampaign(ctx, { params });
  const page = pageOf(query);
  let rows = ctx.db
    .from("campaign_targets")
    .select(COLUMNS, { count: "exact" })
    .eq("org_id", ctx.user.orgId)
    .eq("campaign_id", params.id)
    .order("ordinal");
  if (query.state?.length) rows = rows.in("state", query.state);
  if (query.step) rows = rows.eq("step", query.step);
  if (query.reason) rows = rows.eq("reason", query.reason);
  if (query.needs_attention) rows = rows.not("needs_attention", "is", null);
  if (page.cursor) rows = rows.gt("ordinal", Number(page.cursor));
  const first = page.cursor ? 0 : page.offset;
  const answer = await rows.range(first, first + page.limit - 1);
  const targets = dataOrThrow(answer);
  const last = targets.length === page.limit ? targets.at(-1) : undefined;
  return {
    data: targets as Target[],
    pagination: pagination(page, answer.count ?? 0, { nextCursor: last ? String(last.ordinal) : null }),
  };
}
