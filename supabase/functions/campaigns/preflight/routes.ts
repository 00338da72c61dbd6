// The route table of campaigns: what a person looks at before one starts.
import { z } from "zod";
import { accepted, object } from "../../_shared/http/responses.ts";
import { route } from "../../_shared/http/route.ts";
import { readPreflight } from "./read-preflight.ts";
import { campaignTestInput, preflight, sentText } from "./schemas.ts";
import { testCampaign } from "./test-campaign.ts";

const params = z.object({ id: z.uuid() });

export const routes = [
  route({
    method: "GET",
    path: "/{id}/preflight",
    summary: "Say what keeps a campaign from starting, what to know before, what it costs and when it ends",
    permission: "viewer",
    request: { params },
    response: object(preflight),
    run: readPreflight,
  }),
  route({
    method: "POST",
    path: "/{id}/test-send",
    summary:
      "Send each text of a campaign to a confirmed test phone: ten a day, within lawful hours, charged",
    permission: "campaign_manager",
    request: { params, body: campaignTestInput },
    response: accepted(z.array(sentText)),
    run: testCampaign,
  }),
];
