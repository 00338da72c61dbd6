// A person's word on all of a campaign's sends that Twilio never answered for, as after an outage.
import type { z } from "zod";
import { dataOrThrow } from "../_shared/db/data-or-throw.ts";
import type { UserContext } from "../_shared/http/context.ts";
import type { campaignResolution } from "./schemas.ts";

/** @throws AppError not_found where the organisation has no such campaign */
export async function resolveCampaignSends(
  { db }: UserContext,
  { body }: { body: z.output<typeof campaignResolution> },
): Promise<{ resolved: number }> {
  const resolved = dataOrThrow(
    await db.rpc("resolve_campaign_sends", { p_campaign_id: body.campaign_id, p_action: body.action }),
  );
  return { resolved };
}
