// A Messaging Service's sender pool: add, list, fetch, remove numbers.
import type { PhoneNumber } from "../state/account.ts";
import type { ApiAnswer, ApiCall } from "./api-call.ts";
import { formatIso8601 } from "./format-date.ts";
import { findService } from "./messaging-services.ts";
import { pageByMeta } from "./page-list.ts";
import { TwilioError } from "./twilio-error.ts";

const POOL_LIMIT = 400; // Twilio's default

function showPoolNumber(call: ApiCall, serviceSid: string, number: PhoneNumber): Record<string, unknown> {
  return {
    sid: number.sid,
    account_sid: call.account.sid,
    service_sid: serviceSid,
    date_created: formatIso8601(number.createdAt),
    date_updated: formatIso8601(number.updatedAt),
    phone_number: number.phoneNumber,
    country_code: "US",
    capabilities: ["SMS", "MMS", "Voice"],
    url: `${call.sim.url}/v1/Services/${serviceSid}/PhoneNumbers/${number.sid}`,
  };
}

function poolOf(call: ApiCall, serviceSid: string): PhoneNumber[] {
  findService(call, serviceSid);
  return [...call.account.numbers.values()].filter((number) => number.serviceSid === serviceSid);
}

function findInPool(call: ApiCall, serviceSid: string, sid: string): PhoneNumber {
  const number = poolOf(call, serviceSid).find((candidate) => candidate.sid === sid);
  if (number === undefined) throw new TwilioError(20404, `The requested resource ${call.path} was not found`);
  return number;
}

/** POST /v1/Services/{MG}/PhoneNumbers with PhoneNumberSid: 201, or 21710, 21712, 21714. */
export function addPoolNumber(call: ApiCall, serviceSid: string): ApiAnswer {
  const pool = poolOf(call, serviceSid);
  const sid = call.form.get("PhoneNumberSid");
  const number = [...call.account.numbers.values()].find((candidate) => candidate.sid === sid);
  if (number === undefined) throw new TwilioError(20404, `The requested resource ${sid} was not found`);
  if (number.serviceSid === serviceSid) throw new TwilioError(21710);
  if (number.serviceSid !== null) throw new TwilioError(21712);
  if (pool.length >= POOL_LIMIT) throw new TwilioError(21714, "The number pool size limit is reached");
  number.serviceSid = serviceSid;
  return { status: 201, body: showPoolNumber(call, serviceSid, number) };
}

/** GET /v1/Services/{MG}/PhoneNumbers. */
export function listPoolNumbers(call: ApiCall, serviceSid: string): ApiAnswer {
  const rows = poolOf(call, serviceSid);
  return {
    status: 200,
    body: pageByMeta(call, "phone_numbers", rows, (number) => showPoolNumber(call, serviceSid, number)),
  };
}

/** GET /v1/Services/{MG}/PhoneNumbers/{PN}. */
export function fetchPoolNumber(call: ApiCall, serviceSid: string, sid: string): ApiAnswer {
  return { status: 200, body: showPoolNumber(call, serviceSid, findInPool(call, serviceSid, sid)) };
}

/** DELETE /v1/Services/{MG}/PhoneNumbers/{PN}: out of the pool, still the account's. */
export function removePoolNumber(call: ApiCall, serviceSid: string, sid: string): ApiAnswer {
  findInPool(call, serviceSid, sid).serviceSid = null;
  return { status: 204 };
}
