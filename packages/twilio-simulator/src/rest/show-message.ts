// A message in the JSON of Twilio's Message resource.
import type { Account } from "../state/account.ts";
import { type Message, shownSender } from "../state/message.ts";
import { formatRfc2822 } from "./format-date.ts";

/** Dollars a segment: US list price, see the price column of Twilio's message resource (negative = charged). */
const SEGMENT_PRICE = 0.0083;
/** Dollars a message with media. */
const MEDIA_PRICE = 0.022;

/** What a message costs in dollars; failed and canceled ones are free. */
export function priceMessage(message: Message): number {
  if (message.status === "failed" || message.status === "canceled") return 0;
  return message.media.length > 0 ? MEDIA_PRICE : message.segments * SEGMENT_PRICE;
}

function showPrice(message: Message): string | null {
  if (message.sentAt === null || performance.now() < message.pricedMono) return null;
  return (-priceMessage(message)).toFixed(5);
}

/** The Message resource: snake case, counts as strings, RFC 2822 dates. */
export function showMessage(account: Account, message: Message): Record<string, unknown> {
  const uri = `/2010-04-01/Accounts/${account.sid}/Messages/${message.sid}`;
  return {
    body: message.body,
    // a Messaging Service counts only when it queues
    num_segments: message.status === "accepted" ? "0" : String(message.segments),
    direction: message.direction,
    from: shownSender(message),
    date_updated: formatRfc2822(message.updatedAt),
    price: showPrice(message),
    error_message: null,
    uri: `${uri}.json`,
    account_sid: account.sid,
    num_media: String(message.media.length),
    to: message.to,
    date_created: formatRfc2822(message.createdAt),
    status: message.status,
    sid: message.sid,
    date_sent: message.sentAt === null ? null : formatRfc2822(message.sentAt),
    messaging_service_sid: message.serviceSid,
    error_code: message.errorCode,
    price_unit: "USD",
    api_version: "2010-04-01",
    subresource_uris: { media: `${uri}/Media.json` },
  };
}
