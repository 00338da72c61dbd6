// Changes settings and limits of the organisation: either all given ones or none.
import type { z } from "zod";
import { dataOrThrow } from "../_shared/db/data-or-throw.ts";
import type { UserContext } from "../_shared/http/context.ts";
import { type Organisation, readOrganisation } from "./read-organisation.ts";
import type { organisationChanges } from "./schemas.ts";

/** @throws AppError invalid_input naming the setting and what is allowed; the database checks time zones and hours */
export async function updateOrganisation(
  ctx: UserContext,
  { body }: { body: z.output<typeof organisationChanges> },
): Promise<Organisation> {
  dataOrThrow(await ctx.db.rpc("update_organisation", { p_changes: body }));
  return readOrganisation(ctx);
}
