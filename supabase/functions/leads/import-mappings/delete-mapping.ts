// Deletes a saved mapping. Imports that used it keep their own copy.
import { dataOrThrow } from "../../_shared/db/data-or-throw.ts";
import { AppError } from "../../_shared/http/app-error.ts";
import type { UserContext } from "../../_shared/http/context.ts";

/** @throws AppError not_found */
export async function deleteMapping(
  { db, user }: UserContext,
  { params }: { params: { id: string } },
): Promise<void> {
  const gone = dataOrThrow(
    await db.from("import_mappings").delete().eq("org_id", user.orgId).eq("id", params.id).select("id"),
  );
  if (gone.length === 0) throw new AppError("not_found", "There is no saved mapping with this id.");
}
