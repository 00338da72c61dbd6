// Messages not made by an API request: inbound ones, and Twilio's own replies.
import type { Account } from "./account.ts";
import { countSegments } from "./count-segments.ts";
import { createSid, type Message } from "./message.ts";
import { storeMessage } from "./store-message.ts";

interface InternalMessage {
  direction: "inbound" | "outbound-reply";
  from: string;
  to: string;
  body: string;
  serviceSid: string | null;
  status: "received" | "delivered";
  hasMedia?: boolean;
}

/** Makes and stores the message, finished from the start. Its SID starts with MM when it has media. */
export function createInternalMessage(account: Account, given: InternalMessage): Message {
  const now = Date.now();
  const message: Message = {
    sid: createSid(given.hasMedia ? "MM" : "SM"),
    direction: given.direction,
    to: given.to,
    from: given.from,
    isSenderNamed: true,
    serviceSid: given.serviceSid,
    body: given.body,
    segments: countSegments(given.body),
    media: [],
    status: given.status,
    errorCode: null,
    createdAt: now,
    updatedAt: now,
    sentAt: now,
    pricedMono: performance.now(),
    statusCallback: null,
    validityPeriod: 36_000,
    hiddenUntilMono: 0,
    deleted: false,
    outcome: null,
    base: 0,
    behaviour: account.behaviour,
    post: null,
    callbacks: null,
    keptBack: [],
  };
  storeMessage(account, message);
  return message;
}
