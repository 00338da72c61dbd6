// One blueprint.
import { parseAnswer } from "../../_shared/db/parse-answer.ts";
import { AppError } from "../../_shared/http/app-error.ts";
import type { UserContext } from "../../_shared/http/context.ts";
import { type Blueprint, blueprint } from "./schemas.ts";

export const BLUEPRINT_COLUMNS = "id, name, description, definition, created_at, updated_at";

/** @throws AppError not_found if the organisation has no such blueprint */
export async function getBlueprint(
  { db, user }: UserContext,
  { params }: { params: { id: string } },
): Promise<Blueprint> {
  const answer = await db
    .from("campaign_blueprints")
    .select(BLUEPRINT_COLUMNS)
    .eq("org_id", user.orgId)
    .eq("id", params.id)
    .maybeSingle();
  const row = parseAnswer(answer, blueprint.nullable());
  if (!row) throw new AppError("not_found", "There is no blueprint with this id.", { id: params.id });
  return row;
}
