/** presence: a client says that it is there (track), or no longer (untrack). */
import { closeChannel } from "./close-channel.ts";
import type { Channel, ClientMessage, RealtimeContext } from "./realtime-types.ts";

/** Hosted's default: 5 calls in 30 s per channel. */
const callsPerWindow = 5;
const windowMs = 30_000;

/**
 * Takes the channel and the message; tells the others and replies ok, or error: the policies don't allow it, the payload is
 * no object, or the event is neither track nor untrack. Too many or too large calls close the channel, as hosted.
 */
export async function updatePresence(
  context: RealtimeContext,
  channel: Channel,
  message: ClientMessage,
): Promise<void> {
  const reply = (status: "ok" | "error", response: unknown = {}) =>
    channel.connection.push(message.joinRef, message.ref, message.topic, "phx_reply", { status, response });
  const { event, payload = {} } = (message.payload ?? {}) as { event?: unknown; payload?: unknown };

  if (isOverLimit(channel)) return closeChannel(context, channel, "Client presence rate limit exceeded");
  const action = String(event).toLowerCase();
  if (action === "untrack") {
    context.presence.untrack(channel);
    return reply("ok");
  }
  if (action !== "track") return reply("error");
  if (typeof payload !== "object" || payload === null || Array.isArray(payload)) {
    return reply("error", { reason: "Presence track payload must be a map" });
  }
  if (Buffer.byteLength(JSON.stringify(payload), "utf8") > context.limits.payloadBytes) {
    return closeChannel(context, channel, "Track message size exceeded");
  }
  if (!(await mayTrack(context, channel))) return reply("error");
  if (channel.connection.channels.get(message.topic) !== channel) return;

  context.presence.track(channel, payload as Record<string, unknown>);
  reply("ok");
  if (channel.presenceEnabled) return;
  // The first track switches presence on; without the state the client would not see who was there before.
  channel.presenceEnabled = true;
  if (channel.access.presenceRead) {
    channel.connection.push(
      channel.joinRef,
      null,
      message.topic,
      "presence_state",
      context.presence.state(channel),
    );
  }
}

function isOverLimit({ presenceCalls }: Channel): boolean {
  if (Date.now() > presenceCalls.resetAt) {
    presenceCalls.count = 0;
    presenceCalls.resetAt = Date.now() + windowMs;
  }
  presenceCalls.count += 1;
  return presenceCalls.count > callsPerWindow;
}

async function mayTrack(context: RealtimeContext, channel: Channel): Promise<boolean> {
  if (!channel.isPrivate) return true;
  const question = {
    topic: channel.topic,
    claims: channel.claims,
    headers: channel.connection.headers,
    extension: "presence",
  } as const;
  channel.access.presenceRead ??= await context.mayAccess({ ...question, operation: "select" });
  channel.access.presenceWrite ??= await context.mayAccess({ ...question, operation: "insert" });
  return channel.access.presenceWrite;
}
