/** Ends a channel on the server's side. */
import type { Channel, RealtimeContext } from "./realtime-types.ts";

/**
 * Takes the channel and, if the server ends it, the reason: the client gets it as a system error before
 * phx_close, as from hosted, and does not rejoin by itself.
 */
export function closeChannel(context: RealtimeContext, channel: Channel, reason?: string): void {
  const { connection, joinRef, topic } = channel;
  const name = `realtime:${topic}`;
  if (connection.channels.get(name) !== channel) return;
  clearTimeout(channel.expiry);
  connection.channels.delete(name);
  context.topics.remove(channel);
  context.presence.untrack(channel);
  if (!connection.isOpen()) return;
  if (reason !== undefined) {
    context.log(`channel ${topic} closed: ${reason}`);
    const payload = { extension: "system", status: "error", message: reason, channel: topic };
    connection.push(joinRef, null, name, "system", payload);
  }
  connection.push(joinRef, joinRef, name, "phx_close", {});
}
