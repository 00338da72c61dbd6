// Says whether conversations are given to a person by themselves.
import { dataOrThrow } from "../../_shared/db/data-or-throw.ts";
import type { UserContext } from "../../_shared/http/context.ts";
import { readPerson } from "./list-people.ts";
import type { Person } from "./schemas.ts";

/** @throws AppError not_found; forbidden for somebody else, unless the caller is an admin */
export async function setAvailability(
  ctx: UserContext,
  { params, body }: { params: { id: string }; body: { is_available: boolean } },
): Promise<Person> {
  dataOrThrow(
    await ctx.db.rpc("set_availability", { p_user_id: params.id, p_is_available: body.is_available }),
  );
  return await readPerson(ctx, params.id);
}
