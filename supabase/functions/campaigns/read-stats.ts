// A campaign's figures counted over its targets at this instant, with the reasons behind them and its outlook.
import type { z } from "zod";
import { dataOrThrow } from "../_shared/db/data-or-throw.ts";
import type { UserContext } from "../_shared/http/context.ts";
import { getCampaign } from "./get-campaign.ts";
import type { outlook } from "./schemas.ts";
import type { Campaign } from "./select-campaign.ts";

type Counts = Record<string, number>;
export interface CampaignFigures {
  campaign_id: string;
  status: Campaign["status"];
  figures: Omit<NonNullable<Campaign["stats"]>, "replies" | "opt_outs" | "segments" | "updated_at"> & {
    needs_attention: number;
  };
  replies: number;
  opt_outs: number;
  segments: number;
  delivery_rate: number | null;
  reasons: { excluded: Counts; canceled: Counts; failed: Counts };
  outlook: z.output<typeof outlook> | null;
}

/** @throws AppError not_found */
export async function readStats(
  ctx: UserContext,
  { params }: { params: { id: string } },
): Promise<CampaignFigures> {
  const { status, stats } = await getCampaign(ctx, { params });
  const [figures, reasons, outlook] = await Promise.all([
    ctx.db.rpc("campaign_figures", { p_campaign_id: params.id }),
    ctx.db.rpc("campaign_reasons", { p_campaign_id: params.id }),
    ctx.db.rpc("campaign_outlook", { p_campaign_id: params.id }),
  ]);
  const counted = dataOrThrow(figures) as unknown as CampaignFigures["figures"];
  return {
    campaign_id: params.id,
    status,
    figures: counted,
    replies: stats?.replies ?? 0,
    opt_outs: stats?.opt_outs ?? 0,
    segments: stats?.segments ?? 0,
    delivery_rate: counted.sent > 0 ? Math.round((counted.delivered / counted.sent) * 10_000) / 100 : null,
    reasons: dataOrThrow(reasons) as unknown as CampaignFigures["reasons"],
    outlook: dataOrThrow(outlook) as unknown as CampaignFigures["outlook"],
  };
}
