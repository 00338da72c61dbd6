// The saved mappings of an organisation, by name.
import { longList, parseAnswer } from "../../_shared/db/parse-answer.ts";
import type { UserContext } from "../../_shared/http/context.ts";
import { pageOf, pagination } from "../../_shared/http/pagination.ts";
import type { ListResult } from "../../_shared/http/responses.ts";
import { MAPPING_COLUMNS, type SavedMapping, savedMapping } from "./schemas.ts";

export async function listMappings(
  { db, user }: UserContext,
  { query }: { query: { page?: number; limit: number; skip?: number } },
): Promise<ListResult<SavedMapping>> {
  const page = pageOf(query);
  const answer = await db
    .from("import_mappings")
    .select(MAPPING_COLUMNS, { count: "exact" })
    .eq("org_id", user.orgId)
    .order("name")
    .range(page.offset, page.offset + page.limit - 1);
  const data = parseAnswer(answer, longList(savedMapping));
  return { data, pagination: pagination(page, answer.count ?? 0) };
}
