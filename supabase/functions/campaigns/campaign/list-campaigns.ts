// The campaigns of an organisation, newest first.
import { dataOrThrow } from "../../_shared/db/data-or-throw.ts";
import { longList, parseAnswer } from "../../_shared/db/parse-answer.ts";
import type { UserContext } from "../../_shared/http/context.ts";
import { decodeKeyset, encodeKeyset } from "../../_shared/http/keyset.ts";
import { pageOf, pagination } from "../../_shared/http/pagination.ts";
import type { ListResult } from "../../_shared/http/responses.ts";
import { type Campaign, LISTED_COLUMNS, listedCampaign, toCampaign } from "./select-campaign.ts";

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
    .select(LISTED_COLUMNS, { count: "exact" })
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
  const listed = parseAnswer(answer, longList(listedCampaign));
  const criteria = await readCriteria(
    db,
    listed.map(({ id }) => id),
  );
  const campaigns = listed.map((row) => toCampaign({ ...row, target_criteria: criteria.get(row.id) ?? {} }));
  const last = campaigns.length === page.limit ? campaigns.at(-1) : undefined;
  return {
    data: campaigns,
    pagination: pagination(page, answer.count ?? 0, {
      nextCursor: last ? encodeKeyset({ createdAt: last.created_at, id: last.id }) : null,
    }),
  };
}

/** By campaign, without large parts. */
async function readCriteria(
  db: UserContext["db"],
  ids: string[],
): Promise<Map<string, Campaign["target_criteria"]>> {
  if (ids.length === 0) return new Map();
  const rows = dataOrThrow(await db.rpc("listed_criteria", { p_campaign_ids: ids }));
  return new Map(
    rows.map(({ campaign_id, criteria }) => [campaign_id, criteria as Campaign["target_criteria"]]),
  );
}
