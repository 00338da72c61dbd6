// Changes a campaign. A new pace or text acts at once; the audience is fixed once it is built.
import type { z } from "zod";
import { dataOrThrow } from "../../_shared/db/data-or-throw.ts";
import type { UserContext } from "../../_shared/http/context.ts";
import { type CampaignDetail, getCampaign } from "./get-campaign.ts";
import { refuseOverride } from "./refuse-override.ts";
import type { campaignChanges } from "./schemas.ts";

/** @throws AppError not_found, invalid_state if a field can no longer be changed, invalid_input */
export async function updateCampaign(
  ctx: UserContext,
  { params, body }: { params: { id: string }; body: z.output<typeof campaignChanges> },
): Promise<CampaignDetail> {
  refuseOverride(ctx, body);
  dataOrThrow(await ctx.db.rpc("update_campaign", { p_campaign_id: params.id, p_input: body }));
  return getCampaign(ctx, { params });
}
