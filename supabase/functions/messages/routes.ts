// The route table of messages.
import { z } from "zod";
import { object } from "../_shared/http/responses.ts";
import { route } from "../_shared/http/route.ts";
import { resolveCampaignSends } from "./resolve-campaign-sends.ts";
import { resolveSend } from "./resolve-send.ts";
import { campaignResolution, message, resolution } from "./schemas.ts";

export const routes = [
  route({
    method: "POST",
    path: "/{id}/resolve",
    summary: "Decide about a send of which nobody knows whether it went out",
    description:
      "For a message that is unknown after Twilio was asked. A campaign's message needs campaign_manager, since the person " +
      "may receive it twice; it is sent again as a new message, and this one fails. A reply is sent again as it is.",
    permission: "operator",
    request: { params: z.object({ id: z.uuid() }), body: resolution },
    response: object(message),
    run: resolveSend,
  }),
  route({
    method: "POST",
    path: "/resolve",
    summary: "Decide the same about all such sends of a campaign, 1,000 at most",
    permission: "campaign_manager",
    request: { body: campaignResolution },
    response: object(z.object({ resolved: z.number().int().describe("How many were decided about") })),
    run: resolveCampaignSends,
  }),
];
