// Builds a campaign's audience, or counts it without writing anything.
import { parseAnswer } from "../../_shared/db/parse-answer.ts";
import type { UserContext } from "../../_shared/http/context.ts";
import { getCampaign } from "./get-campaign.ts";
import { type AudienceCounts, audienceCounts } from "./schemas.ts";
import type { Campaign } from "./select-campaign.ts";

export interface BuildAnswer {
  status: Campaign["status"];
  /** Null unless dry_run was asked for. */
  counts: AudienceCounts | null;
}

/** The worker builds in chunks; follow the campaign's status and figures over Realtime until it is `ready`. */
export async function buildTargets(
  ctx: UserContext,
  { params, body }: { params: { id: string }; body: { dry_run: boolean; start: boolean } },
): Promise<BuildAnswer> {
  const counts = parseAnswer(
    await ctx.db.rpc("build_targets", {
      p_campaign_id: params.id,
      p_dry_run: body.dry_run,
      p_start: body.start,
    }),
    audienceCounts.nullable(),
  );
  const { status } = await getCampaign(ctx, { params });
  return { status, counts };
}
