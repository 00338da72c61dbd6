// What a person looks at before a campaign starts.
import { z } from "zod";
import { dataOrThrow } from "../../_shared/db/data-or-throw.ts";
import { longList, parseAnswer } from "../../_shared/db/parse-answer.ts";
import type { UserContext } from "../../_shared/http/context.ts";
import { estimateSegments } from "./estimate-segments.ts";
import { judgedPreflight, type preflight } from "./schemas.ts";

const values = longList(z.record(z.string(), z.union([z.string(), z.number(), z.null()])));

/** @throws AppError not_found */
export async function readPreflight(
  { db, user }: UserContext,
  { params }: { params: { id: string } },
): Promise<z.output<typeof preflight>> {
  const [judged, samples, texts] = await Promise.all([
    db.rpc("campaign_preflight", { p_campaign_id: params.id }),
    db.rpc("preflight_samples", { p_campaign_id: params.id }),
    db
      .from("campaign_templates")
      .select("weight, templates!inner(content, language)")
      .eq("org_id", user.orgId)
      .eq("campaign_id", params.id)
      .eq("step", 1)
      .eq("templates.is_active", true),
  ]);
  const { cost, ...rest } = parseAnswer(judged, judgedPreflight);
  const segments = estimateSegments(
    dataOrThrow(texts).map(({ weight, templates: { content, language } }) => ({
      content,
      language: language === "en" ? "en" : "es",
      weight,
    })),
    parseAnswer(samples, values),
  );
  const price = cost.segment_price + cost.carrier_fee;
  const low = segments && Math.round(rest.audience.waiting * segments.mean * price * 100) / 100;
  return { ...rest, cost: { ...cost, low }, segments };
}
