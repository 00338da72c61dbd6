// One campaign with its templates, steps, numbers and figures.
import { z } from "zod";
import { dataOrThrow } from "../../_shared/db/data-or-throw.ts";
import { parseAnswer } from "../../_shared/db/parse-answer.ts";
import { AppError } from "../../_shared/http/app-error.ts";
import type { UserContext } from "../../_shared/http/context.ts";
import type { campaignDetail } from "./schemas.ts";
import { CAMPAIGN_COLUMNS, selectedCampaign, toCampaign } from "./select-campaign.ts";
import { step } from "./steps.ts";

export type CampaignDetail = z.output<typeof campaignDetail>;
const stepRow = step.omit({ template_ids: true, variants: true });

/** @throws AppError not_found if the organisation has no such campaign */
export async function getCampaign(
  { db, user }: UserContext,
  { params }: { params: { id: string } },
): Promise<CampaignDetail> {
  const [row, templates, variants, steps, numbers] = await Promise.all([
    db.from("campaigns").select(CAMPAIGN_COLUMNS).eq("org_id", user.orgId).eq("id", params.id).maybeSingle(),
    db
      .from("campaign_templates")
      .select("template_id, weight, variant, step")
      .eq("org_id", user.orgId)
      .eq("campaign_id", params.id),
    db
      .from("campaign_variants")
      .select("variant, name, share, assigned")
      .eq("org_id", user.orgId)
      .eq("campaign_id", params.id)
      .order("variant"),
    db
      .from("campaign_steps")
      .select("step, kind, wait_hours, stop_on")
      .eq("org_id", user.orgId)
      .eq("campaign_id", params.id)
      .order("step"),
    db
      .from("campaign_phone_numbers")
      .select("phone_number_id")
      .eq("org_id", user.orgId)
      .eq("campaign_id", params.id),
  ]);
  const campaign = parseAnswer(row, selectedCampaign.nullable());
  if (!campaign) throw new AppError("not_found", "There is no such campaign.", { campaign_id: params.id });
  const rotated = dataOrThrow(templates);
  const textsOf = (step: number, variant?: number) =>
    rotated
      .filter((each) => each.step === step && (variant === undefined || each.variant === variant))
      .map((each) => each.template_id);
  const arms = dataOrThrow(variants);
  return {
    ...toCampaign(campaign),
    template_ids: textsOf(1),
    template_weights: Object.fromEntries(
      rotated.filter((each) => each.step === 1).map((each) => [each.template_id, each.weight]),
    ),
    variants: arms.map(({ variant, ...rest }) => ({ ...rest, template_ids: textsOf(1, variant) })),
    steps: parseAnswer(steps, z.array(stepRow)).map((each) => ({
      ...each,
      template_ids: textsOf(each.step),
      variants: rotated.some(({ step, variant }) => step === each.step && variant !== null)
        ? arms.map(({ variant, name }) => ({ name, template_ids: textsOf(each.step, variant) }))
        : [],
    })),
    phone_number_ids: dataOrThrow(numbers).map((each) => each.phone_number_id),
  };
}
