// The open invitations of the organisation, newest first, without their secrets.
import { dataOrThrow } from "../../_shared/db/data-or-throw.ts";
import type { UserContext } from "../../_shared/http/context.ts";
import { pageOf, pagination } from "../../_shared/http/pagination.ts";
import type { ListResult } from "../../_shared/http/responses.ts";
import type { Invitation } from "./schemas.ts";

const COLUMNS = "id, email, role, invited_by, created_at, expires_at";

export async function listInvitations(
  { db, user }: UserContext,
  { query }: { query: { page?: number; limit: number; skip?: number } },
): Promise<ListResult<Invitation>> {
  const page = pageOf(query);
  const answer = await db
    .from("invitations")
    .select(COLUMNS, { count: "exact" })
    .eq("org_id", user.orgId)
    .gt("expires_at", new Date().toISOString())
    .order("created_at", { ascending: false })
    .order("id")
    .range(page.offset, page.offset + page.limit - 1);
  return { data: dataOrThrow(answer), pagination: pagination(page, answer.count ?? 0) };
}
