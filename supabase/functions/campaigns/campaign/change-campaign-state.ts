// Copies, schedules and archives campaigns.
import { dataOrThrow } from "../../_shared/db/data-or-throw.ts";
import type { UserContext } from "../../_shared/http/context.ts";
import { type CampaignDetail, getCampaign } from "./get-campaign.ts";

/** @throws AppError not_found; invalid_input if its criteria name a segment that is gone */
export async function cloneCampaign(
  ctx: UserContext,
  { params, body }: { params: { id: string }; body: { name?: string } },
): Promise<CampaignDetail> {
  const id = dataOrThrow(
    await ctx.db.rpc("clone_campaign", { p_campaign_id: params.id, ...(body.name && { p_name: body.name }) }),
  );
  return getCampaign(ctx, { params: { id } });
}

/** @throws AppError not_found, invalid_state, invalid_input for a time that is past or more than a year away */
export async function scheduleCampaign(
  ctx: UserContext,
  { params, body }: { params: { id: string }; body: { scheduled_at: string | null; acknowledge: string[] } },
): Promise<CampaignDetail> {
  dataOrThrow(
    await ctx.db.rpc("schedule_campaign", {
      p_campaign_id: params.id,
      // The generated types do not know that a time may be null.
      p_at: body.scheduled_at as string,
      p_acknowledge: body.acknowledge,
    }),
  );
  return getCampaign(ctx, { params });
}

/** Makes the use case that archives, or takes back. @throws AppError not_found, invalid_state while it may still send */
export const archiveCampaign =
  (isArchived: boolean) =>
  async (ctx: UserContext, { params }: { params: { id: string } }): Promise<CampaignDetail> => {
    dataOrThrow(
      await ctx.db.rpc("archive_campaign", { p_campaign_id: params.id, p_is_archived: isArchived }),
    );
    return getCampaign(ctx, { params });
  };
