// A person's text arriving at one of the account's numbers: keywords, the webhook, what it answers.
import { createIdempotencyToken, postWebhook } from "../delivery/post-webhook.ts";
import type { Account, PhoneNumber } from "../state/account.ts";
import { createInternalMessage } from "../state/create-internal-message.ts";
import { drawUnit, hashText, Purpose } from "../state/draw-random.ts";
import { createMediaFile, type MediaFaults } from "../state/media-file.ts";
import type { Message } from "../state/message.ts";
import type { InboundEntry, Intent } from "../state/record.ts";
import type { Simulator } from "../state/simulator.ts";
import { blockKey, handleKeyword, type KeywordReading } from "./handle-keyword.ts";
import { inferIntent } from "./keywords.ts";
import { parseTwiml } from "./parse-twiml.ts";
import { sendAutoReply } from "./send-auto-reply.ts";

export interface InboundText {
  from: string;
  to: string;
  body: string;
  /** What the person means; read from the text when left out. */
  intent?: Intent | undefined;
  /** Addresses, which are passed on as they are, or files. */
  media: (string | SentFile)[];
}

interface SentFile {
  contentType: string;
  base64: string;
  size: number;
  faults: MediaFaults;
}

interface Route {
  url: string;
  method: string;
  fallbackUrl: string;
}

/** Where an inbound text to a number is sent. A service without InboundRequestUrl drops it, as Twilio does. */
function routeInbound(account: Account, number: PhoneNumber): Route | null {
  const service = number.serviceSid === null ? undefined : account.services.get(number.serviceSid);
  if (service !== undefined && !service.useInboundWebhookOnNumber) {
    if (!service.inboundRequestUrl) return null;
    return {
      url: service.inboundRequestUrl,
      method: service.inboundMethod,
      fallbackUrl: service.fallbackUrl ?? "",
    };
  }
  if (number.smsUrl === "") return null;
  return { url: number.smsUrl, method: number.smsMethod, fallbackUrl: number.smsFallbackUrl };
}

function createParams(
  account: Account,
  number: PhoneNumber,
  message: Message,
  reading: KeywordReading,
): Record<string, string> {
  const params: Record<string, string> = {
    ToCountry: "US",
    ToState: "",
    SmsMessageSid: message.sid,
    NumMedia: String(message.media.length),
    ToCity: "",
    FromZip: "",
    SmsSid: message.sid,
    FromState: "",
    SmsStatus: "received",
    FromCity: "",
    Body: message.body,
    FromCountry: "US",
    To: message.to,
    ToZip: "",
    NumSegments: String(message.segments),
    MessageSid: message.sid,
    AccountSid: account.sid,
    From: message.from ?? "",
    ApiVersion: "2010-04-01",
  };
  if (number.serviceSid !== null) params.MessagingServiceSid = number.serviceSid;
  if (reading.optOutType !== null) params.OptOutType = reading.optOutType;
  message.media.forEach((url, i) => {
    params[`MediaUrl${i}`] = url;
    params[`MediaContentType${i}`] = account.media.get(url.slice(-34))?.contentType ?? "image/jpeg";
  });
  return params;
}

/** Keeps the files of a message. @returns the address of each, as Twilio's webhook names it */
function keepFiles(
  sim: Simulator,
  account: Account,
  messageSid: string,
  media: InboundText["media"],
): string[] {
  return media.map((given) => {
    if (typeof given === "string") return given;
    const content = Buffer.from(given.base64, "base64");
    const padding = Buffer.alloc(Math.max(0, given.size - content.length));
    const file = createMediaFile(
      messageSid,
      given.contentType,
      Buffer.concat([content, padding]),
      given.faults,
    );
    account.media.set(file.sid, file);
    return `${sim.url}/2010-04-01/Accounts/${account.sid}/Messages/${messageSid}/Media/${file.sid}`;
  });
}

/**
 * Delivers a person's text and resolves with the entry of its last attempt, when the webhook has answered or given up.
 * Twilio's keyword handling is done first; the text is forwarded in any case. Throws when `to` is not the account's number.
 */
export async function receiveInbound(
  sim: Simulator,
  account: Account,
  text: InboundText,
): Promise<InboundEntry> {
  const number = account.numbers.get(text.to);
  if (number === undefined) throw new Error(`to: ${text.to} is not a number of account ${account.sid}`);
  const { from, to, body } = text;
  const message = createInternalMessage(account, {
    from,
    to,
    body,
    hasMedia: text.media.length > 0,
    direction: "inbound",
    serviceSid: number.serviceSid,
    status: "received",
  });
  message.media = keepFiles(sim, account, message.sid, text.media);
  const intent = text.intent ?? inferIntent(text.body);
  const reading = handleKeyword(account, number, text.from, text.body);
  const record = account.record;
  const openEntry = (attempt: number, url: string | null, isDuplicate: boolean): InboundEntry => {
    const entry: InboundEntry = {
      kind: "inbound",
      seq: record.length,
      sid: message.sid,
      from: text.from,
      to: text.to,
      body: text.body,
      intent,
      keyword: reading.keyword,
      optOutType: reading.optOutType,
      url,
      attempt,
      duplicate: isDuplicate,
      sentAt: Date.now(),
      sentMono: performance.now(),
      answeredAt: null,
      answeredMono: null,
      httpStatus: null,
      error: null,
      debuggerCode: null,
    };
    record.push(entry);
    return entry;
  };
  const route = routeInbound(account, number);
  if (route === null) return openEntry(1, null, false);

  const params = createParams(account, number, message, reading);
  const token = createIdempotencyToken();
  const call = async (url: string, isDuplicate: boolean): Promise<InboundEntry> => {
    let last: InboundEntry | undefined;
    const answer = await postWebhook(sim, account, url, route.method, params, token, (attempt, calledUrl) => {
      last = openEntry(attempt, calledUrl, isDuplicate);
      return last;
    });
    const entry = last as InboundEntry;
    if (answer.httpStatus === null || answer.httpStatus >= 400) {
      entry.debuggerCode = 11200;
      return entry;
    }
    const twiml = parseTwiml(answer.contentType, answer.body);
    entry.debuggerCode = twiml.debuggerCode;
    const isBlocked = account.blocked.has(blockKey(number.serviceSid ?? number.phoneNumber, text.from));
    if (!isDuplicate && !isBlocked)
      for (const body of twiml.messages) sendAutoReply(account, number, text.from, body);
    return entry;
  };
  const doubled = account.behaviour.inbound.duplicated;
  const base = hashText(`${text.from}|${text.body}`, account.seed);
  const isDoubled = doubled > 0 && drawUnit(base, Purpose.inboundDuplicated) < doubled;
  const [first] = await Promise.all([call(route.url, false), ...(isDoubled ? [call(route.url, true)] : [])]);
  if (first.debuggerCode === 11200 && route.fallbackUrl !== "") return call(route.fallbackUrl, false);
  return first;
}
