// The blueprints of an organisation, by name.
import { longList, parseAnswer } from "../../_shared/db/parse-answer.ts";
import type { UserContext } from "../../_shared/http/context.ts";
import { pageOf, pagination } from "../../_shared/http/pagination.ts";
import type { ListResult } from "../../_shared/http/responses.ts";
import { BLUEPRINT_COLUMNS } from "./get-blueprint.ts";
import { type Blueprint, blueprint } from "./schemas.ts";

export async function listBlueprints(
  { db, user }: UserContext,
  { query }: { query: { page?: number; limit: number; skip?: number } },
): Promise<ListResult<Blueprint>> {
  const page = pageOf(query);
  const answer = await db
    .from("campaign_blueprints")
    .select(BLUEPRINT_COLUMNS, { count: "exact" })
    .eq("org_id", user.orgId)
    .order("name")
    .order("id")
    .range(page.offset, page.offset + page.limit - 1);
  return { data: parseAnswer(answer, longList(blueprint)), pagination: pagination(page, answer.count ?? 0) };
}
