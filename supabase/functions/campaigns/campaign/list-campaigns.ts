// The campaigns of an organisation, newest first.
import { longList, parseAnswer } from "../../_shared/db/parse-answer.ts";
import type { UserContext } from "../../_shared/http/context.ts";
import { decodeKeyset, encodeKeyset } from "../../_shared/http/keyset.ts";
import { pageOf, pagination } from "../../_shared/http/pagination.ts";
import type { ListResult } from "../../_shared/http/responses.ts";
import { CAMPAIGN_COLUMNS, type Campaign, selectedCampaign, toCampaign } from "./select-campaign.ts";

export interface ListCampaignsQuery {
  page?: number;
  limit: number;
  skip?: number;
  cursor?: string;
  status?: Campaign["status"][];
  search?: string;
  archived: boolean;
}

/** @param query `search` is part of a name, in any case */
export async function listCampaigns(
  { db, user }: UserContext,
  { query }: { query: ListCampaignsQuery },
): Promise<ListResult<Campaign>> {
  const page = pageOf(query);
  let rows = db
    .from("campaigns")
    .select(CAMPAIGN_COLUMNS, { count: "exact" })
    .eq("org_id", user.orgId)
    .order("created_at", { ascending: false })
    .order("id", { ascending: false });
  rows = query.archived ? rows.not("archived_at", "is", null) : rows.is("archived_at", null);
  if (query.status?.length) rows = rows.in("status", query.status);
  if (query.search) rows = rows.ilike("name", `%${query.search.replace(/[\\%_]/g, "\\$&")}%`);
  if (page.cursor) {
    const { createdAt, id } = decodeKeyset(page.cursor);
    rows = rows.or(`created_at.lt."${createdAt}",and(created_at.eq."${createdAt}",id.lt.${id})`);
  }
  const answer = await rows.range(
    page.cursor ? 0 : page.offset,
    (page.cursor ? 0 : page.offset) + page.limit - 1,
  );
  const campaigns = parseAnswer(answer, longList(selectedCampaign)).map(toCampaign);
  const last = campaigns.length === page.limit ? campaigns.at(-1) : undefined;
  return {
    data: campaigns,
    pagination: pagination(page, answer.count ?? 0, {
      nextCursor: last ? encodeKeyset({ createdAt: last.created_at, id: last.id }) : null,
    }),
  };
}
