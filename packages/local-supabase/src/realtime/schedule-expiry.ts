/** Closes a channel when its token expires and no newer one has come. */
import { closeChannel } from "./close-channel.ts";
import type { Channel, RealtimeContext } from "./realtime-types.ts";

/** setTimeout turns delays over 2^31 ms into 1 ms; hosted looks again every hour at the latest too. */
const longestDelayMs = 3_600_000;

/** Takes a channel; (re)starts its timer from the `exp` of its claims. API keys have none and never expire. */
export function scheduleExpiry(context: RealtimeContext, channel: Channel): void {
  clearTimeout(channel.expiry);
  const { exp } = channel.claims;
  if (exp === undefined) return;
  const remainingMs = exp * 1000 - Date.now();
  if (remainingMs <= 0) {
    const seconds = Math.floor(Date.now() / 1000) - exp;
    closeChannel(context, channel, `Token has expired ${seconds} seconds ago`);
    return;
  }
  channel.expiry = setTimeout(() => scheduleExpiry(context, channel), Math.min(remainingMs, longestDelayMs));
  channel.expiry.unref();
}
