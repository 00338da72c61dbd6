/** Tells a channel that asked for it (`broadcast.replication_ready`) when broadcasts from the database reach it. */
import { closeChannel } from "./close-channel.ts";
import type { Channel, RealtimeContext } from "./realtime-types.ts";

/** As hosted: it checks twice a second, for a minute. */
const lookEveryMs = 500;
const giveUpAfterMs = 60_000;

/** Takes a channel that was joined; sends the system message now or later, or closes the channel when the time is up. */
export function announceReplication(
  context: RealtimeContext,
  channel: Channel,
  deadline = performance.now() + giveUpAfterMs,
): void {
  const { connection, joinRef, topic } = channel;
  if (!connection.isOpen() || connection.channels.get(`realtime:${topic}`) !== channel) return;
  if (context.isReplicating()) {
    connection.push(joinRef, null, `realtime:${topic}`, "system", {
      extension: "system",
      status: "ok",
      message: "Replication connection established",
      channel: topic,
    });
  } else if (performance.now() >= deadline) {
    closeChannel(context, channel, "Replication connection was not established in time");
  } else {
    setTimeout(() => announceReplication(context, channel, deadline), lookEveryMs).unref();
  }
}
