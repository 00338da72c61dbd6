// A status callback as Twilio posts it: signed, keep-alive, tried once.
import { signWebhook } from "../../../supabase/functions/_shared/twilio/sign-webhook.ts";
import type { SentMessage } from "../arrange/add-sent.ts";
import type { BenchOrg } from "../arrange/create-org.ts";

export interface Callback {
  url: string;
  body: string;
  signature: string;
}

export async function makeCallback(
  functionsUrl: string,
  org: BenchOrg,
  message: SentMessage,
): Promise<Callback> {
  const url = `${functionsUrl}/twilio/status?mid=${message.id}&a=${message.attemptId}`;
  const form = new URLSearchParams({
    SmsSid: message.sid,
    SmsStatus: "delivered",
    MessageStatus: "delivered",
    MessageSid: message.sid,
    To: message.to,
    From: message.from,
    AccountSid: org.accountSid,
    ApiVersion: "2010-04-01",
  });
  return { url, body: `${form}`, signature: await signWebhook(org.authToken, url, form) };
}

/** @returns the HTTP status, 0 if there was no answer */
export async function postCallback({ url, body, signature }: Callback): Promise<number> {
  try {
    const response = await fetch(url, {
      method: "POST",
      body,
      signal: AbortSignal.timeout(15_000),
      headers: {
        "content-type": "application/x-www-form-urlencoded; charset=UTF-8",
        "x-twilio-signature": signature,
      },
    });
    await response.arrayBuffer();
    return response.status;
  } catch {
    return 0;
  }
}
