// Creates a draft campaign.
import type { z } from "zod";
import { dataOrThrow } from "../../_shared/db/data-or-throw.ts";
import type { UserContext } from "../../_shared/http/context.ts";
import { type CampaignDetail, getCampaign } from "./get-campaign.ts";
import { refuseOverride } from "./refuse-override.ts";
import type { campaignInput } from "./schemas.ts";

/** @throws AppError invalid_input for an override, or for templates and numbers that are not the organisation's */
export async function createCampaign(
  ctx: UserContext,
  { body }: { body: z.output<typeof campaignInput> },
): Promise<CampaignDetail> {
  refuseOverride(ctx, body);
  const id = dataOrThrow(
    await ctx.db.rpc("create_campaign", {
      p_input: body,
      ...(ctx.repeatKey && { p_repeat_key: ctx.repeatKey }),
    }),
  );
  return getCampaign(ctx, { params: { id } });
}
