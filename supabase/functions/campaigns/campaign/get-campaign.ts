// One campaign with its templates, numbers and figures.
import type { z } from "zod";
import { dataOrThrow } from "../../_shared/db/data-or-throw.ts";
import { parseAnswer } from "../../_shared/db/parse-answer.ts";
import { AppError } from "../../_shared/http/app-error.ts";
import type { UserContext } from "../../_shared/http/context.ts";
import type { campaignDetail } from "./schemas.ts";
import { CAMPAIGN_COLUMNS, selectedCampaign, toCampaign } from "./select-campaign.ts";

export type CampaignDetail = z.output<typeof campaignDetail>;

/** @throws AppError not_found if the organisation has no such campaign */
export async function getCampaign(
  { db, user }: UserContext,
  { params }: { params: { id: string } },
): Promise<CampaignDetail> {
  const [row, templates, variants, numbers] = await Promise.all([
    db.from("campaigns").select(CAMPAIGN_COLUMNS).eq("org_id", user.orgId).eq("id", params.id).maybeSingle(),
    db
      .from("campaign_templates")
      .select("template_id, weight, variant")
      .eq("org_id", user.orgId)
      .eq("campaign_id", params.id),
    db
      .from("campaign_variants")
      .select("variant, name, share, assigned")
      .eq("org_id", user.orgId)
      .eq("campaign_id", params.id)
      .order("variant"),
    db
      .from("campaign_phone_numbers")
      .select("phone_number_id")
      .eq("org_id", user.orgId)
      .eq("campaign_id", params.id),
  ]);
  const campaign = parseAnswer(row, selectedCampaign.nullable());
  if (!campaign) throw new AppError("not_found", "There is no such campaign.", { campaign_id: params.id });
  const rotated = dataOrThrow(templates);
  return {
    ...toCampaign(campaign),
    template_ids: rotated.map((each) => each.template_id),
    template_weights: Object.fromEntries(rotated.map((each) => [each.template_id, each.weight])),
    variants: dataOrThrow(variants).map(({ variant, ...rest }) => ({
      ...rest,
      template_ids: rotated.filter((each) => each.variant === variant).map((each) => each.template_id),
    })),
    phone_number_ids: dataOrThrow(numbers).map((each) => each.phone_number_id),
  };
}
