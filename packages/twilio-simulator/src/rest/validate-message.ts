// Checks a request to send as Twilio does, and chooses the sender of a Messaging Service.
import { chooseSender } from "../delivery/choose-sender.ts";
import { queuedSeconds } from "../delivery/deliver-message.ts";
import { blockKey } from "../people/handle-keyword.ts";
import type { Account, PhoneNumber, Service } from "../state/account.ts";
import type { Behaviour } from "../state/behaviour.ts";
import { TwilioError } from "./twilio-error.ts";

export interface SendRequest {
  to: string;
  number: PhoneNumber;
  isSenderNamed: boolean;
  service: Service | null;
  body: string;
  media: string[];
  statusCallback: string | null;
  validityPeriod: number;
  sendAt: number | null;
  /** A refusal that Twilio reports only after accepting, because a Messaging Service is used. */
  laterCode: 21610 | 30001 | null;
}

/** Twilio's magic recipients, documented for test credentials; here for every account. */
const MAGIC_TO: Record<string, number> = {
  "+15005550001": 21211,
  "+15005550002": 21612,
  "+15005550003": 21408,
  "+15005550004": 21610,
  "+15005550009": 21614,
};

/** +1 numbers as E.164; takes the usual ways to write them. Null when it is no phone number. */
export function normalisePhone(text: string): string | null {
  const bare = text.replace(/[\s().-]/g, "");
  if (/^\+[1-9]\d{6,14}$/.test(bare))
    return !bare.startsWith("+1") || /^\+1[2-9]\d{9}$/.test(bare) ? bare : null;
  if (/^[2-9]\d{9}$/.test(bare)) return `+1${bare}`;
  return /^1[2-9]\d{9}$/.test(bare) ? `+${bare}` : null;
}

function readTo(given: string | null): string {
  if (given === null || given === "") throw new TwilioError(21604);
  const to = normalisePhone(given);
  if (to === null) throw new TwilioError(21211, `Invalid 'To' Phone Number: ${given}`);
  const magic = MAGIC_TO[to];
  if (magic !== undefined) throw new TwilioError(magic);
  if (!to.startsWith("+1"))
    throw new TwilioError(
      21408,
      `Permission to send an SMS has not been enabled for the region indicated by the 'To' number: ${to}`,
    );
  return to;
}

function readFrom(account: Account, given: string): PhoneNumber {
  const from = normalisePhone(given);
  if (from === null || from === "+15005550001")
    throw new TwilioError(
      21212,
      `The 'From' number ${given} is not a valid phone number, shortcode, or alphanumeric sender ID.`,
    );
  const number = account.numbers.get(from);
  if (number === undefined)
    throw new TwilioError(
      21606,
      `The 'From' phone number provided (${from}) is not a valid, SMS-capable number of your account.`,
    );
  return number;
}

function readSender(
  account: Account,
  form: URLSearchParams,
  to: string,
): Pick<SendRequest, "number" | "isSenderNamed" | "service"> {
  const from = form.get("From");
  const serviceSid = form.get("MessagingServiceSid");
  if (serviceSid === null || serviceSid === "") {
    if (from === null || from === "") throw new TwilioError(21603);
    return { number: readFrom(account, from), isSenderNamed: true, service: null };
  }
  const service = account.services.get(serviceSid);
  if (service === undefined)
    throw new TwilioError(21705, `The Messaging Service Sid ${serviceSid} is invalid`);
  if (from !== null && from !== "") {
    const number = readFrom(account, from);
    if (number.serviceSid !== service.sid)
      throw new TwilioError(
        21606,
        `The 'From' number ${from} is not in the Messaging Service ${service.sid}`,
      );
    return { number, isSenderNamed: true, service };
  }
  const number = chooseSender(account, service.sid, to);
  if (number === null) throw new TwilioError(21704);
  return { number, isSenderNamed: false, service };
}

function readContent(form: URLSearchParams): Pick<SendRequest, "body" | "media"> {
  const body = form.get("Body") ?? "";
  const media = form.getAll("MediaUrl");
  if (body === "" && media.length === 0) throw new TwilioError(21602);
  if (body.length > 1600) throw new TwilioError(21617);
  if (media.length > 10) throw new TwilioError(21623);
  if (media.some((url) => !URL.canParse(url))) throw new TwilioError(21620);
  return { body, media };
}

function readStatusCallback(form: URLSearchParams, service: Service | null): string | null {
  const given = form.get("StatusCallback");
  if (given === null || given === "") return service?.statusCallback || null;
  const url = URL.canParse(given) ? new URL(given) : null;
  if (url === null || !/^https?:$/.test(url.protocol) || url.hostname.includes("_"))
    throw new TwilioError(21609, `The StatusCallback URL ${given} is not a valid URL.`);
  return given;
}

function readValidityPeriod(form: URLSearchParams, service: Service | null): number {
  const given = form.get("ValidityPeriod");
  if (given === null) return service?.validityPeriod ?? 36_000;
  const seconds = Number(given);
  if (!Number.isInteger(seconds) || seconds <= 0) throw new TwilioError(90014);
  if (seconds > 36_000) throw new TwilioError(90007);
  return seconds;
}

function readSendAt(form: URLSearchParams, service: Service | null): number | null {
  const type = form.get("ScheduleType");
  if (type === null || type === "") return null;
  if (service === null) throw new TwilioError(35118);
  const given = form.get("SendAt");
  if (given === null) throw new TwilioError(35111);
  const at = Date.parse(given);
  if (Number.isNaN(at)) throw new TwilioError(35114);
  const aheadMs = at - Date.now();
  if (aheadMs <= 300_000 || aheadMs > 35 * 86_400_000) throw new TwilioError(35115);
  return at;
}

/**
 * Reads and checks the form of POST Messages.json, in Twilio's order. Throws TwilioError: 21604, 21211, 21408, 21603,
 * 21212, 21606, 21705, 21704, 21602, 21617, 21620, 21623, 21609, 90014, 90007, 351xx, 21610 and 21611. With a Messaging
 * Service an opt-out (under Advanced Opt-Out) and a full queue are reported later, as 21610 and 30001.
 */
export function validateMessage(account: Account, form: URLSearchParams, behaviour: Behaviour): SendRequest {
  const to = readTo(form.get("To"));
  const sender = readSender(account, form, to);
  const { number, service } = sender;
  const content = readContent(form);
  const statusCallback = readStatusCallback(form, service);
  const validityPeriod = readValidityPeriod(form, service);
  const sendAt = readSendAt(form, service);
  let laterCode: SendRequest["laterCode"] = null;
  if (account.blocked.has(blockKey(number.serviceSid ?? number.phoneNumber, to))) {
    if (!service?.advancedOptOut) throw new TwilioError(21610);
    laterCode = 21610;
  } else if (number.mps !== null && queuedSeconds(number) > behaviour.limits.queueSeconds) {
    if (service === null)
      throw new TwilioError(
        21611,
        `This 'From' number ${number.phoneNumber} has exceeded the maximum number of queued messages`,
      );
    laterCode = 30001;
  }
  return { to, ...sender, ...content, statusCallback, validityPeriod, sendAt, laterCode };
}
