// Starts, pauses, resumes and stops campaigns. Pause and stop answer only when claims in flight are done.
import { dataOrThrow } from "../../_shared/db/data-or-throw.ts";
import type { UserContext } from "../../_shared/http/context.ts";
import { type CampaignDetail, getCampaign } from "./get-campaign.ts";
import type { Campaign } from "./select-campaign.ts";

type Control = "pause_campaign" | "resume_campaign" | "stop_campaign";

/**
 * @throws AppError not_found, invalid_state if the campaign's status does not allow it, a code such as no_templates for what
 *   the campaign still lacks, or warnings_not_acknowledged
 */
export async function startCampaign(
  ctx: UserContext,
  {
    params,
    body,
  }: { params: { id: string }; body: { acknowledge: string[]; expected_status?: Campaign["status"] } },
): Promise<CampaignDetail> {
  dataOrThrow(
    await ctx.db.rpc("start_campaign", {
      p_campaign_id: params.id,
      p_acknowledge: body.acknowledge,
      ...(body.expected_status && { p_expected: body.expected_status }),
    }),
  );
  return getCampaign(ctx, { params });
}

/**
 * Makes the use case of one control.
 * @throws AppError not_found, invalid_state if the campaign's status does not allow it
 */
export function controlCampaign(control: Control) {
  return async (ctx: UserContext, { params }: { params: { id: string } }): Promise<CampaignDetail> => {
    dataOrThrow(await ctx.db.rpc(control, { p_campaign_id: params.id }));
    return getCampaign(ctx, { params });
  };
}
