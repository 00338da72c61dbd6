// Creates a draft campaign with the definition of a blueprint.
import type { z } from "zod";
import { dataOrThrow } from "../../_shared/db/data-or-throw.ts";
import type { UserContext } from "../../_shared/http/context.ts";
import { type CampaignDetail, getCampaign } from "../campaign/get-campaign.ts";
import { refuseOverride } from "../campaign/refuse-override.ts";
import type { campaignInput } from "../campaign/schemas.ts";

/** @throws AppError not_found; invalid_input also for what the definition names and is gone since */
export async function createCampaignOfBlueprint(
  ctx: UserContext,
  { params, body }: { params: { id: string }; body: z.output<typeof campaignInput> },
): Promise<CampaignDetail> {
  refuseOverride(ctx, body);
  const id = dataOrThrow(
    await ctx.db.rpc("create_campaign_of_blueprint", { p_blueprint_id: params.id, p_input: body }),
  );
  return getCampaign(ctx, { params: { id } });
}
