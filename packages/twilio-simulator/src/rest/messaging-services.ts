// messaging.twilio.com v1 Services: create, list, fetch, update, delete.
import { createService, type Service } from "../state/account.ts";
import { createSid } from "../state/message.ts";
import type { ApiAnswer, ApiCall } from "./api-call.ts";
import { formatIso8601 } from "./format-date.ts";
import { pageByMeta } from "./page-list.ts";
import { TwilioError } from "./twilio-error.ts";

function showService(call: ApiCall, service: Service): Record<string, unknown> {
  const url = `${call.sim.url}/v1/Services/${service.sid}`;
  return {
    account_sid: call.account.sid,
    sid: service.sid,
    date_created: formatIso8601(service.createdAt),
    date_updated: formatIso8601(service.updatedAt),
    friendly_name: service.friendlyName,
    inbound_request_url: service.inboundRequestUrl,
    inbound_method: service.inboundMethod,
    fallback_url: service.fallbackUrl,
    fallback_method: service.fallbackMethod,
    status_callback: service.statusCallback,
    sticky_sender: service.stickySender,
    smart_encoding: service.smartEncoding,
    mms_converter: service.mmsConverter,
    fallback_to_long_code: true,
    scan_message_content: "inherit",
    area_code_geomatch: service.areaCodeGeomatch,
    validity_period: service.validityPeriod,
    synchronous_validation: false,
    usecase: service.usecase,
    us_app_to_person_registered: service.campaign?.status === "VERIFIED",
    use_inbound_webhook_on_number: service.useInboundWebhookOnNumber,
    links: {
      phone_numbers: `${url}/PhoneNumbers`,
      short_codes: `${url}/ShortCodes`,
      alpha_senders: `${url}/AlphaSenders`,
      messages: `${url}/Messages`,
      us_app_to_person: `${url}/Compliance/Usa2p`,
      us_app_to_person_usecases: `${url}/Compliance/Usa2p/Usecases`,
      channel_senders: `${url}/ChannelSenders`,
      destination_alpha_senders: `${url}/DestinationAlphaSenders`,
    },
    url,
  };
}

/** The service of that SID; throws 20404 when the account has none. */
export function findService(call: ApiCall, sid: string): Service {
  const service = call.account.services.get(sid);
  if (service === undefined)
    throw new TwilioError(20404, `The requested resource ${call.path} was not found`);
  return service;
}

function applySettings(service: Service, form: URLSearchParams): void {
  const text = (name: string, current: string | null) => (form.has(name) ? form.get(name) || null : current);
  const flag = (name: string, current: boolean) => (form.has(name) ? form.get(name) === "true" : current);
  service.friendlyName = form.get("FriendlyName") ?? service.friendlyName;
  service.inboundRequestUrl = text("InboundRequestUrl", service.inboundRequestUrl);
  service.inboundMethod = form.get("InboundMethod") ?? service.inboundMethod;
  service.fallbackUrl = text("FallbackUrl", service.fallbackUrl);
  service.fallbackMethod = form.get("FallbackMethod") ?? service.fallbackMethod;
  service.statusCallback = text("StatusCallback", service.statusCallback);
  service.stickySender = flag("StickySender", service.stickySender);
  service.mmsConverter = flag("MmsConverter", service.mmsConverter);
  service.smartEncoding = flag("SmartEncoding", service.smartEncoding);
  service.areaCodeGeomatch = flag("AreaCodeGeomatch", service.areaCodeGeomatch);
  service.useInboundWebhookOnNumber = flag("UseInboundWebhookOnNumber", service.useInboundWebhookOnNumber);
  service.usecase = form.get("Usecase") ?? service.usecase;
  const validity = form.get("ValidityPeriod");
  if (validity === null) return;
  const seconds = Number(validity);
  if (!Number.isInteger(seconds) || seconds < 1) throw new TwilioError(90014);
  if (seconds > 36_000) throw new TwilioError(90007);
  service.validityPeriod = seconds;
}

/** POST /v1/Services: 201. */
export function addService(call: ApiCall): ApiAnswer {
  const name = call.form.get("FriendlyName");
  if (name === null || name === "") throw new TwilioError(20001, "Missing required parameter FriendlyName");
  const service = createService(createSid("MG"), name);
  applySettings(service, call.form);
  call.account.services.set(service.sid, service);
  return { status: 201, body: showService(call, service) };
}

/** GET /v1/Services. */
export function listServices(call: ApiCall): ApiAnswer {
  const rows = call.account.services.values();
  return { status: 200, body: pageByMeta(call, "services", rows, (service) => showService(call, service)) };
}

/** GET /v1/Services/{Sid}. */
export function fetchService(call: ApiCall, sid: string): ApiAnswer {
  return { status: 200, body: showService(call, findService(call, sid)) };
}

/** POST /v1/Services/{Sid}. */
export function updateService(call: ApiCall, sid: string): ApiAnswer {
  const service = findService(call, sid);
  applySettings(service, call.form);
  service.updatedAt = Date.now();
  return { status: 200, body: showService(call, service) };
}

/** DELETE /v1/Services/{Sid}: its numbers stay with the account. */
export function deleteService(call: ApiCall, sid: string): ApiAnswer {
  findService(call, sid);
  call.account.services.delete(sid);
  for (const number of call.account.numbers.values()) if (number.serviceSid === sid) number.serviceSid = null;
  return { status: 204 };
}
