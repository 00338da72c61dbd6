// Reads how the texts of a campaign take turns.
import { parseAnswer } from "../../_shared/db/parse-answer.ts";
import type { UserContext } from "../../_shared/http/context.ts";
import { type Rotation, rotation } from "./schemas.ts";

/** @throws AppError not_found */
export async function readRotation(
  { db }: UserContext,
  { params }: { params: { id: string } },
): Promise<Rotation> {
  return parseAnswer(await db.rpc("campaign_rotation", { p_campaign_id: params.id }), rotation);
}
