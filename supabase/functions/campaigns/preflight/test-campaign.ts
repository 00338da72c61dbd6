// Sends the texts of a campaign to a confirmed test phone.
import { z } from "zod";
import { parseAnswer } from "../../_shared/db/parse-answer.ts";
import type { UserContext } from "../../_shared/http/context.ts";
import { readPhone } from "../../_shared/http/read-phone.ts";
import { type campaignTestInput, sentText } from "./schemas.ts";

const sentTexts = z.array(sentText);

/**
 * @throws AppError not_found; no_templates, invalid_state with more than ten texts or a phone that is not confirmed;
 *   outside_hours and others that say why not; rate_limited for more than ten a day; invalid_input for no test phone, or values
 *   that the lead lacks
 */
export async function testCampaign(
  { db }: UserContext,
  { params, body }: { params: { id: string }; body: z.output<typeof campaignTestInput> },
): Promise<z.output<typeof sentTexts>> {
  return parseAnswer(
    await db.rpc("send_campaign_test", {
      p_campaign_id: params.id,
      p_to: readPhone("to", body.to),
      ...(body.lead_id && { p_lead_id: body.lead_id }),
    }),
    sentTexts,
  );
}
