// A Messaging Service's A2P 10DLC campaign: its status and rate limits. Set through the control endpoint.
import type { Service } from "../state/account.ts";
import type { ApiAnswer, ApiCall } from "./api-call.ts";
import { formatIso8601 } from "./format-date.ts";
import { findService } from "./messaging-services.ts";
import { pageByMeta } from "./page-list.ts";
import { TwilioError } from "./twilio-error.ts";

type Campaign = NonNullable<Service["campaign"]>;

function showCampaign(call: ApiCall, serviceSid: string, campaign: Campaign): Record<string, unknown> {
  return {
    sid: campaign.sid,
    account_sid: call.account.sid,
    brand_registration_sid: `BN${campaign.sid.slice(2)}`,
    messaging_service_sid: serviceSid,
    description: "Messages to landowners who asked to be contacted about their land",
    message_samples: [],
    us_app_to_person_usecase: "MIXED",
    has_embedded_links: false,
    has_embedded_phone: false,
    subscriber_opt_in: true,
    age_gated: false,
    direct_lending: false,
    campaign_status: campaign.status,
    campaign_id: campaign.status === "VERIFIED" ? `C${campaign.sid.slice(2, 9).toUpperCase()}` : null,
    is_externally_registered: false,
    rate_limits:
      campaign.status === "VERIFIED"
        ? { att: { mps: campaign.mps, msg_class: "A" }, tmobile: { brand_tier: campaign.brandTier } }
        : null,
    message_flow: "",
    opt_in_message: "",
    opt_out_message: "",
    help_message: "",
    opt_in_keywords: [],
    opt_out_keywords: [],
    help_keywords: [],
    date_created: formatIso8601(campaign.createdAt),
    date_updated: formatIso8601(campaign.createdAt),
    url: `${call.sim.url}/v1/Services/${serviceSid}/Compliance/Usa2p/${campaign.sid}`,
    mock: false,
    errors:
      campaign.status === "FAILED"
        ? [{ error_code: 30951, fields: [], url: "https://www.twilio.com/docs/errors/30951" }]
        : [],
    privacy_policy_url: null,
    terms_and_conditions_url: null,
  };
}

/** GET /v1/Services/{MG}/Compliance/Usa2p: the service's campaign, or none. */
export function listCampaigns(call: ApiCall, serviceSid: string): ApiAnswer {
  const { campaign } = findService(call, serviceSid);
  const rows = campaign === null ? [] : [campaign];
  return {
    status: 200,
    body: pageByMeta(call, "compliance", rows, (row) => showCampaign(call, serviceSid, row)),
  };
}

/** GET /v1/Services/{MG}/Compliance/Usa2p/{QE}. */
export function fetchCampaign(call: ApiCall, serviceSid: string, sid: string): ApiAnswer {
  const { campaign } = findService(call, serviceSid);
  if (campaign === null || campaign.sid !== sid)
    throw new TwilioError(20404, `The requested resource ${call.path} was not found`);
  return { status: 200, body: showCampaign(call, serviceSid, campaign) };
}
