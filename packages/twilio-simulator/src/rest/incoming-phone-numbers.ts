// IncomingPhoneNumbers: buy, list, fetch, update, release.
import { type Account, createPhoneNumber, type PhoneNumber } from "../state/account.ts";
import { createSid } from "../state/message.ts";
import type { ApiAnswer, ApiCall } from "./api-call.ts";
import { findAvailableNumbers } from "./available-phone-numbers.ts";
import { formatRfc2822 } from "./format-date.ts";
import { pageByUri } from "./page-list.ts";
import { TwilioError } from "./twilio-error.ts";
import { normalisePhone } from "./validate-message.ts";

function showNumber(account: Account, number: PhoneNumber): Record<string, unknown> {
  return {
    sid: number.sid,
    account_sid: account.sid,
    friendly_name: number.friendlyName,
    phone_number: number.phoneNumber,
    origin: "twilio",
    beta: false,
    capabilities: { voice: true, sms: true, mms: true, fax: false },
    api_version: "2010-04-01",
    date_created: formatRfc2822(number.createdAt),
    date_updated: formatRfc2822(number.updatedAt),
    sms_url: number.smsUrl,
    sms_method: number.smsMethod,
    sms_fallback_url: number.smsFallbackUrl,
    sms_fallback_method: "POST",
    sms_application_sid: number.smsApplicationSid,
    status_callback: number.statusCallback,
    status_callback_method: "POST",
    voice_url: number.voiceUrl,
    voice_method: "POST",
    voice_fallback_url: "",
    voice_fallback_method: "POST",
    voice_application_sid: "",
    voice_caller_id_lookup: false,
    voice_receive_mode: "voice",
    trunk_sid: null,
    identity_sid: null,
    address_sid: null,
    address_requirements: "none",
    emergency_status: "Inactive",
    emergency_address_sid: null,
    emergency_address_status: "unregistered",
    bundle_sid: null,
    status: "in-use",
    type: "local",
    uri: `/2010-04-01/Accounts/${account.sid}/IncomingPhoneNumbers/${number.sid}.json`,
  };
}

function findNumber(call: ApiCall, sid: string): PhoneNumber {
  for (const number of call.account.numbers.values()) if (number.sid === sid) return number;
  throw new TwilioError(20404, `The requested resource ${call.path} was not found`);
}

const SETTINGS = [
  ["FriendlyName", "friendlyName"],
  ["SmsUrl", "smsUrl"],
  ["SmsFallbackUrl", "smsFallbackUrl"],
  ["SmsApplicationSid", "smsApplicationSid"],
  ["VoiceUrl", "voiceUrl"],
  ["StatusCallback", "statusCallback"],
] as const;

function applySettings(number: PhoneNumber, form: URLSearchParams): void {
  for (const [param, field] of SETTINGS) number[field] = form.get(param) ?? number[field];
  const method = form.get("SmsMethod");
  if (method !== null) {
    if (method !== "GET" && method !== "POST") throw new TwilioError(21403, "SmsMethod must be GET or POST");
    number.smsMethod = method;
  }
}

/** POST IncomingPhoneNumbers.json with PhoneNumber or AreaCode: 201, or 21421, 21422, 21452. Not idempotent, as at Twilio. */
export function buyNumber(call: ApiCall): ApiAnswer {
  const { account, form } = call;
  const wanted = form.get("PhoneNumber");
  let phoneNumber: string | null | undefined;
  if (wanted !== null) {
    if (wanted === "+15005550000") throw new TwilioError(21422);
    phoneNumber = normalisePhone(wanted);
    if (phoneNumber === null || phoneNumber === "+15005550001")
      throw new TwilioError(21421, `${wanted} is not valid`);
    if (account.numbers.has(phoneNumber)) throw new TwilioError(21422, `${wanted} is not available`);
  } else {
    const areaCode = form.get("AreaCode");
    if (areaCode === null) throw new TwilioError(21421, "PhoneNumber or AreaCode is required");
    phoneNumber = findAvailableNumbers(account, "Local", new URLSearchParams({ AreaCode: areaCode }), 1)[0]
      ?.phoneNumber;
    if (phoneNumber === undefined) throw new TwilioError(21452);
  }
  const number = createPhoneNumber(account, phoneNumber);
  number.sid = createSid("PN");
  applySettings(number, form);
  account.numbers.set(phoneNumber, number);
  return { status: 201, body: showNumber(account, number) };
}

/** GET IncomingPhoneNumbers.json, by PhoneNumber (digits may be part of it) or FriendlyName. */
export function listNumbers(call: ApiCall): ApiAnswer {
  const { account, query } = call;
  const phone = query.get("PhoneNumber")?.replace("*", "");
  const name = query.get("FriendlyName");
  const rows = [...account.numbers.values()].filter(
    (number) =>
      (phone === undefined || number.phoneNumber.includes(phone)) &&
      (name === null || number.friendlyName === name),
  );
  return {
    status: 200,
    body: pageByUri(call, "incoming_phone_numbers", rows, (number) => showNumber(account, number)),
  };
}

/** GET IncomingPhoneNumbers/{Sid}.json. */
export function fetchNumber(call: ApiCall, sid: string): ApiAnswer {
  return { status: 200, body: showNumber(call.account, findNumber(call, sid)) };
}

/** POST IncomingPhoneNumbers/{Sid}.json. */
export function updateNumber(call: ApiCall, sid: string): ApiAnswer {
  const number = findNumber(call, sid);
  applySettings(number, call.form);
  number.updatedAt = Date.now();
  return { status: 200, body: showNumber(call.account, number) };
}

/** DELETE IncomingPhoneNumbers/{Sid}.json: the number is gone, also from its Messaging Service. */
export function releaseNumber(call: ApiCall, sid: string): ApiAnswer {
  call.account.numbers.delete(findNumber(call, sid).phoneNumber);
  return { status: 204 };
}
