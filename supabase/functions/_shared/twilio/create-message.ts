// POSTs a message to Messages.json once, never a second time, and returns what became of it.
import { parseJson } from "../http/parse-json.ts";
import type { TwilioAccount } from "./find-account.ts";
import { isNeverSent } from "./is-never-sent.ts";
import { readTwilioError } from "./read-error.ts";

export interface OutgoingMessage {
  to: string;
  from: string;
  messagingServiceSid: string | null;
  body: string;
  /** Where Twilio fetches its pictures, ten at most. */
  mediaUrls: readonly string[];
  statusCallback: string;
  /** Seconds the message may wait in Twilio's queue, 1 to 36,000. */
  validitySeconds: number;
}

/** What became of a POST, as private.settle_sends takes it. */
export interface PostOutcome {
  outcome: "accepted" | "rejected" | "unknown" | "not_posted";
  provider_sid?: string;
  provider_status?: string;
  http_status?: number;
  error_code?: number;
  error_message?: string;
}

const TIMEOUT_MS = 15_000;

/**
 * Never throws. accepted: Twilio has the message. rejected: Twilio refused it with an error code. not_posted: there was no
 * connection, so nothing can have been sent. unknown: everything else (no answer in 15 s, 5xx, a broken connection, an
 * unreadable answer), since Twilio may have accepted it and takes no idempotency key.
 */
export async function createMessage(
  apiUrl: string,
  account: TwilioAccount,
  message: OutgoingMessage,
): Promise<PostOutcome> {
  const form = new URLSearchParams({ To: message.to, From: message.from });
  if (message.messagingServiceSid) form.set("MessagingServiceSid", message.messagingServiceSid);
  form.set("Body", message.body);
  for (const url of message.mediaUrls) form.append("MediaUrl", url);
  form.set("StatusCallback", message.statusCallback);
  form.set("ValidityPeriod", String(message.validitySeconds));
  let status = 0;
  try {
    const response = await fetch(`${apiUrl}/2010-04-01/Accounts/${account.accountSid}/Messages.json`, {
      method: "POST",
      body: form,
      headers: { authorization: account.authorization, accept: "application/json" },
      // A redirect would drop the form, and Twilio sends none.
      redirect: "manual",
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    status = response.status;
    return readAnswer(status, parseJson(await response.text()));
  } catch (error) {
    if (status === 0 && isNeverSent(error))
      return { outcome: "not_posted", error_message: "Twilio could not be reached." };
    const reason = error instanceof Error ? error.name : "error";
    return unknown(status, `The connection to Twilio failed after the request had begun (${reason}).`);
  }
}

function readAnswer(status: number, body: unknown): PostOutcome {
  if (status >= 200 && status < 300) {
    const { sid, status: providerStatus } = (body ?? {}) as Record<string, unknown>;
    if (typeof sid === "string" && /^(?:SM|MM)[0-9a-f]{32}$/.test(sid)) {
      const provider_status = typeof providerStatus === "string" ? providerStatus : "queued";
      return { outcome: "accepted", provider_sid: sid, provider_status, http_status: status };
    }
    return unknown(status, "Twilio's answer has no message SID.");
  }
  if (status < 400 || status >= 500) return unknown(status, `Twilio answered HTTP ${status}.`);
  // The JSON code decides, never HTTP 429 alone, which Twilio answers for 20429, 21611 and 63038 alike.
  const refusal = readTwilioError(body);
  if (refusal)
    return {
      outcome: "rejected",
      http_status: status,
      error_code: refusal.code,
      error_message: refusal.message,
    };
  const error_code = status === 429 ? 20429 : status === 401 ? 20003 : undefined;
  if (error_code === undefined)
    return unknown(status, `HTTP ${status} without Twilio's error code: not from its API.`);
  return { outcome: "rejected", http_status: status, error_code, error_message: `HTTP ${status}` };
}

function unknown(status: number, error_message: string): PostOutcome {
  return { outcome: "unknown", error_message, ...(status !== 0 && { http_status: status }) };
}
