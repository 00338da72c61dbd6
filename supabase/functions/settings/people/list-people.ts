// The people of the organisation, by e-mail address, and one of them.
import { dataOrThrow } from "../../_shared/db/data-or-throw.ts";
import type { UserContext } from "../../_shared/http/context.ts";
import { pageOf, pagination } from "../../_shared/http/pagination.ts";
import type { ListResult } from "../../_shared/http/responses.ts";
import type { Person } from "./schemas.ts";

const PERSON_COLUMNS = "id, email, role, is_available, created_at";

export async function listPeople(
  { db, user }: UserContext,
  { query }: { query: { page?: number; limit: number; skip?: number } },
): Promise<ListResult<Person>> {
  const page = pageOf(query);
  const answer = await db
    .from("users")
    .select(PERSON_COLUMNS, { count: "exact" })
    .eq("org_id", user.orgId)
    .order("email")
    .order("id")
    .range(page.offset, page.offset + page.limit - 1);
  return { data: dataOrThrow(answer), pagination: pagination(page, answer.count ?? 0) };
}

/** @throws AppError not_found */
export async function readPerson({ db, user }: UserContext, id: string): Promise<Person> {
  return dataOrThrow(
    await db.from("users").select(PERSON_COLUMNS).eq("org_id", user.orgId).eq("id", id).single(),
  );
}
