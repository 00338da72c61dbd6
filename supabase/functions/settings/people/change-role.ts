// Gives another person of the organisation a role; it applies from their next request on.
import { dataOrThrow } from "../../_shared/db/data-or-throw.ts";
import type { UserContext } from "../../_shared/http/context.ts";
import type { Role } from "../../_shared/http/roles.ts";
import { readPerson } from "./list-people.ts";
import type { Person } from "./schemas.ts";

/** @throws AppError not_found, invalid_state for oneself */
export async function changeRole(
  ctx: UserContext,
  { params, body }: { params: { id: string }; body: { role: Role } },
): Promise<Person> {
  dataOrThrow(await ctx.db.rpc("change_role", { p_user_id: params.id, p_role: body.role }));
  return await readPerson(ctx, params.id);
}
