// Reads one import.
import { dataOrThrow } from "../../_shared/db/data-or-throw.ts";
import { AppError } from "../../_shared/http/app-error.ts";
import type { UserContext } from "../../_shared/http/context.ts";
import type { LeadImport } from "./schemas.ts";
import { IMPORT_COLUMNS, toImport } from "./select-import.ts";

/** @throws AppError not_found */
export async function getImport(
  { db, user }: UserContext,
  { params }: { params: { id: string } },
): Promise<LeadImport> {
  const row = dataOrThrow(
    await db
      .from("imports")
      .select(IMPORT_COLUMNS)
      .eq("org_id", user.orgId)
      .eq("id", params.id)
      .maybeSingle(),
  );
  if (!row) throw new AppError("not_found", "There is no import with this id.");
  return toImport(row);
}
