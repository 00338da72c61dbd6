// GETs Compliance/Usa2p: the A2P 10DLC campaign of a messaging service.
import type { TwilioAccount } from "./find-account.ts";
import { readResource, TwilioRefusedError } from "./read-resource.ts";

/** One element of private.record_account_check's services. */
export interface A2pRegistration {
  messaging_service_sid: string;
  /** VERIFIED, PENDING, IN_PROGRESS, FAILED, or NONE. */
  status: string;
  campaign_sid: string | null;
  brand_sid: string | null;
  use_case: string | null;
  rate_limits: unknown;
  errors: unknown[];
}

/**
 * @returns the verified campaign if there is one, else the first; NONE if the service has none or Twilio has no such service
 * @throws Error if Twilio refuses, can't be reached, or its answer is no list
 */
export async function readA2pRegistration(
  messagingUrl: string,
  account: TwilioAccount,
  serviceSid: string,
): Promise<A2pRegistration> {
  const none = (errors: unknown[]): A2pRegistration => ({
    messaging_service_sid: serviceSid,
    status: "NONE",
    campaign_sid: null,
    brand_sid: null,
    use_case: null,
    rate_limits: null,
    errors,
  });
  let body: Record<string, unknown>;
  try {
    body = await readResource(`${messagingUrl}/v1/Services/${serviceSid}/Compliance/Usa2p`, account);
  } catch (error) {
    if (!(error instanceof TwilioRefusedError) || error.status !== 404) throw error;
    return none([{ error_code: error.code, message: "Twilio has no such messaging service." }]);
  }
  if (!Array.isArray(body.compliance)) throw new Error("Twilio's A2P registration can't be read.");
  const campaigns = body.compliance as Record<string, unknown>[];
  const one = campaigns.find(({ campaign_status }) => campaign_status === "VERIFIED") ?? campaigns[0];
  if (!one) return none([]);
  const text = (value: unknown) => (typeof value === "string" ? value : null);
  return {
    messaging_service_sid: serviceSid,
    status: /^[A-Z_]{1,40}$/.test(String(one.campaign_status)) ? String(one.campaign_status) : "UNKNOWN",
    campaign_sid: text(one.sid),
    brand_sid: text(one.brand_registration_sid),
    use_case: text(one.us_app_to_person_usecase),
    rate_limits: one.rate_limits ?? null,
    errors: Array.isArray(one.errors) ? one.errors : [],
  };
}
