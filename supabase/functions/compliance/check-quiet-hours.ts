// Explains whether a person may be written to at a moment: the database decides, as it does for planning and claiming.
import type { z } from "zod";
import { dataOrThrow } from "../_shared/db/data-or-throw.ts";
import type { UserContext } from "../_shared/http/context.ts";
import type { quietHoursCheck, quietHoursQuestion } from "./schemas.ts";

/** @throws AppError invalid_input naming the field that is wrong, or whose id is not one of the organisation's */
export async function checkQuietHours(
  { db }: UserContext,
  { query }: { query: z.output<typeof quietHoursQuestion> },
): Promise<z.output<typeof quietHoursCheck>> {
  const answer = await db.rpc("explain_window", {
    p_e164: query.phone,
    ...(query.state && { p_state: query.state }),
    ...(query.lead_id && { p_lead_id: query.lead_id }),
    ...(query.phone_number_id && { p_phone_number_id: query.phone_number_id }),
    ...(query.campaign_id && { p_campaign_id: query.campaign_id }),
    ...(query.at && { p_at: query.at }),
  });
  return dataOrThrow(answer) as z.output<typeof quietHoursCheck>;
}
