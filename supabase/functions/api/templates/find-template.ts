// Finds the template that a number or an id means.
import { dataOrThrow } from "../../_shared/db/data-or-throw.ts";
import { AppError } from "../../_shared/http/app-error.ts";
import type { UserContext } from "../../_shared/http/context.ts";

/** @param id a number or a uuid @returns the uuid @throws AppError not_found for a number that the organisation has not */
export async function findTemplateId({ db, user }: UserContext, id: string): Promise<string> {
  if (!/^\d+$/.test(id)) return id;
  const row = dataOrThrow(
    await db.from("templates").select("id").eq("org_id", user.orgId).eq("number", Number(id)).maybeSingle(),
  );
  if (!row)
    throw new AppError("not_found", "There is no template with this number: it was not found.", {
      number: id,
    });
  return row.id;
}
