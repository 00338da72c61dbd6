/** broadcast: a client sends to the others of its channel. */
import type { Broadcast, Channel, ClientMessage, RealtimeContext } from "./realtime-types.ts";

/**
 * Takes the channel and the message; fans it out if the insert policies on realtime.messages allow it (checked once per
 * token). A message that may not be sent is dropped without an answer, as hosted; with `ack`, one that is too large is
 * answered with `payload_size_exceeded`.
 */
export async function sendBroadcast(
  context: RealtimeContext,
  channel: Channel,
  message: ClientMessage,
): Promise<void> {
  if (channel.isPrivate && !(await mayWrite(context, channel))) return;
  const broadcast: Broadcast = message.userBroadcast ?? {
    kind: "envelope",
    envelope: JSON.stringify(message.payload ?? {}),
  };
  const size =
    broadcast.kind === "user" ? broadcast.payload.length : Buffer.byteLength(broadcast.envelope, "utf8");
  const tooLarge = size > context.limits.payloadBytes;
  if (!tooLarge) {
    const except = channel.selfBroadcast ? undefined : channel;
    context.topics.broadcast(channel.topic, channel.isPrivate, broadcast, except);
  }
  if (!channel.ackBroadcast) return;
  channel.connection.push(message.joinRef, message.ref, message.topic, "phx_reply", {
    status: tooLarge ? "error" : "ok",
    response: tooLarge ? "payload_size_exceeded" : {},
  });
}

async function mayWrite(context: RealtimeContext, channel: Channel): Promise<boolean> {
  channel.access.broadcastWrite ??= await context.mayAccess({
    topic: channel.topic,
    claims: channel.claims,
    headers: channel.connection.headers,
    extension: "broadcast",
    operation: "insert",
  });
  return channel.access.broadcastWrite;
}
