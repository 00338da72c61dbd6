// Changes a parcel of a lead.
import type { z } from "zod";
import { parseAnswer } from "../../_shared/db/parse-answer.ts";
import type { UserContext } from "../../_shared/http/context.ts";
import { type Parcel, parcel, type parcelInput } from "../lead/schemas.ts";

/** @throws AppError not_found; duplicate; invalid_input, with details.suggestions if the state has no such county */
export async function updateParcel(
  { db }: UserContext,
  { params, body }: { params: { id: string; property_id: string }; body: z.output<typeof parcelInput> },
): Promise<Parcel> {
  const answer = await db.rpc("update_parcel", {
    p_lead_id: params.id,
    p_property_id: params.property_id,
    p_changes: body,
  });
  return parseAnswer(answer, parcel);
}
