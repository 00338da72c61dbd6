// Applies a person's decision to all unknown messages of a campaign, such as those that an outage left.
import type { z } from "zod";
import { dataOrThrow } from "../../_shared/db/data-or-throw.ts";
import type { UserContext } from "../../_shared/http/context.ts";
import type { campaignResolution } from "./schemas.ts";

/** @throws AppError not_found if the organisation has no such campaign */
export async function resolveCampaignSends(
  { db }: UserContext,
  { body }: { body: z.output<typeof campaignResolution> },
): Promise<{ resolved: number }> {
  const resolved = dataOrThrow(
    await db.rpc("resolve_campaign_sends", { p_campaign_id: body.campaign_id, p_action: body.action }),
  );
  return { resolved };
}
