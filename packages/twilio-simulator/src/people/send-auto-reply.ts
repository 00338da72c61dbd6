// A text that Twilio sends without an API request: a keyword's answer or a TwiML reply.
import type { Account, PhoneNumber } from "../state/account.ts";
import { createInternalMessage } from "../state/create-internal-message.ts";

/** Stores the text as a delivered `outbound-reply` and records it. It has no status callback. */
export function sendAutoReply(account: Account, number: PhoneNumber, person: string, body: string): void {
  const message = createInternalMessage(account, {
    direction: "outbound-reply",
    from: number.phoneNumber,
    to: person,
    body,
    serviceSid: number.serviceSid,
    status: "delivered",
  });
  account.record.push({
    kind: "auto_reply",
    seq: account.record.length,
    sid: message.sid,
    from: number.phoneNumber,
    to: person,
    body,
    sentAt: message.createdAt,
    sentMono: performance.now(),
  });
}
