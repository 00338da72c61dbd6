// A campaign's figures counted over its targets at this instant, with the reasons behind them, its steps and its outlook.
import type { z } from "zod";
import { parseAnswer } from "../../_shared/db/parse-answer.ts";
import type { UserContext } from "../../_shared/http/context.ts";
import { getCampaign } from "./get-campaign.ts";
import { readStepFigures } from "./read-step-figures.ts";
import { currentFigures, outlook, reasons } from "./schemas.ts";
import type { Campaign } from "./select-campaign.ts";
import type { stepFigures } from "./steps.ts";

export interface CampaignFigures {
  campaign_id: string;
  status: Campaign["status"];
  figures: z.output<typeof currentFigures>;
  replies: number;
  opt_outs: number;
  segments: number;
  delivery_rate: number | null;
  reasons: z.output<typeof reasons>;
  steps: z.output<typeof stepFigures>[];
  outlook: z.output<typeof outlook> | null;
}

/** @throws AppError not_found */
export async function readStats(
  ctx: UserContext,
  { params }: { params: { id: string } },
): Promise<CampaignFigures> {
  const { status, stats } = await getCampaign(ctx, { params });
  const [figures, byReason, held, steps] = await Promise.all([
    ctx.db.rpc("campaign_figures", { p_campaign_id: params.id }),
    ctx.db.rpc("campaign_reasons", { p_campaign_id: params.id }),
    ctx.db.rpc("campaign_outlook", { p_campaign_id: params.id }),
    readStepFigures(ctx, params.id),
  ]);
  const counted = parseAnswer(figures, currentFigures);
  return {
    campaign_id: params.id,
    status,
    figures: counted,
    replies: stats?.replies ?? 0,
    opt_outs: stats?.opt_outs ?? 0,
    segments: stats?.segments ?? 0,
    delivery_rate: counted.sent > 0 ? Math.round((counted.delivered / counted.sent) * 10_000) / 100 : null,
    reasons: parseAnswer(byReason, reasons),
    steps,
    outlook: parseAnswer(held, outlook.nullable()),
  };
}
