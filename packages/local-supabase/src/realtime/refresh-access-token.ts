/** access_token: a client brings a new token for a channel it has joined. */
import { authorizeChannel } from "./authorize-channel.ts";
import { closeChannel } from "./close-channel.ts";
import { RealtimeError } from "./realtime-error.ts";
import type { Channel, RealtimeContext } from "./realtime-types.ts";
import { scheduleExpiry } from "./schedule-expiry.ts";

/**
 * Takes the channel and the payload; checks token and policies again, then extends the channel or closes it with the reason.
 * API keys and the token it has already change nothing. There is no reply, as hosted.
 */
export async function refreshAccessToken(
  context: RealtimeContext,
  channel: Channel,
  payload: unknown,
): Promise<void> {
  const token = (payload as { access_token?: unknown } | null)?.access_token;
  if (typeof token !== "string" || token.startsWith("sb_") || token === channel.token) return;
  const { connection, topic, isPrivate, presenceEnabled, access: former } = channel;
  try {
    const { claims, access } = await authorizeChannel(context, {
      connection,
      token,
      topic,
      isPrivate,
      presenceEnabled,
    });
    if ((former.broadcastRead && !access.broadcastRead) || (former.presenceRead && !access.presenceRead)) {
      const reason = `You no longer have permission to read from this Channel topic: ${topic}`;
      return closeChannel(context, channel, reason);
    }
    channel.token = token;
    channel.claims = claims;
    channel.access = access;
    scheduleExpiry(context, channel);
  } catch (error) {
    const reason = error instanceof RealtimeError ? error.message : "Unknown Error on Channel";
    closeChannel(context, channel, reason);
  }
}
