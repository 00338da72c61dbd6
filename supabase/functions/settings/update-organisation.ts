// Changes settings and limits of the organisation, all that are given or none.
import type { z } from "zod";
import { dataOrThrow } from "../_shared/db/data-or-throw.ts";
import { validationError } from "../_shared/http/app-error.ts";
import type { UserContext } from "../_shared/http/context.ts";
import { type Organisation, readOrganisation } from "./read-organisation.ts";
import type { organisationChanges } from "./schemas.ts";

/** @throws AppError invalid_input naming the setting and what is allowed */
export async function updateOrganisation(
  ctx: UserContext,
  { body }: { body: z.output<typeof organisationChanges> },
): Promise<Organisation> {
  if (body.time_zone !== undefined && !isTimeZone(body.time_zone)) {
    throw validationError([
      { field: "time_zone", message: "time_zone must be an IANA name such as America/Chicago." },
    ]);
  }
  const { quiet_starts, quiet_ends } = { ...(await readOrganisation(ctx)), ...body };
  if (quiet_starts.slice(0, 5) === quiet_ends.slice(0, 5)) {
    throw validationError([
      {
        field: "quiet_ends",
        message: "quiet_ends must differ from quiet_starts: the day would have no hours.",
      },
    ]);
  }
  dataOrThrow(await ctx.db.rpc("update_organisation", { p_changes: body }));
  return readOrganisation(ctx);
}

function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat("en", { timeZone: name });
    return true;
  } catch {
    return false;
  }
}
