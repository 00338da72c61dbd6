/** phx_join: lets a client into a topic, or says why not. */
import { setTimeout as delay } from "node:timers/promises";
import { announceReplication } from "./announce-replication.ts";
import { authorizeChannel } from "./authorize-channel.ts";
import { closeChannel } from "./close-channel.ts";
import { type JoinConfig, readJoinConfig } from "./read-join-config.ts";
import { RealtimeError } from "./realtime-error.ts";
import type { Channel, ClientMessage, Connection, RealtimeContext } from "./realtime-types.ts";
import { scheduleExpiry } from "./schedule-expiry.ts";

/** Takes the join message; answers ok, or an error whose `reason` is worded as in hosted Realtime. */
export async function joinChannel(
  context: RealtimeContext,
  connection: Connection,
  message: ClientMessage,
): Promise<void> {
  const reply = (status: "ok" | "error", response: unknown) =>
    connection.push(message.joinRef, message.ref, message.topic, "phx_reply", { status, response });
  try {
    await admit(context, connection, message, readJoinConfig(message.payload), (response) =>
      reply("ok", response),
    );
  } catch (error) {
    const known = error instanceof RealtimeError;
    const reason = known ? error.reason : "Unknown Error on Channel";
    context.log(`join of ${message.topic} refused: ${known ? reason : String(error)}`);
    // Hosted waits 5 s before it refuses, so that clients that retry at once do not pile up.
    await delay(context.joinErrorDelayMs);
    if (connection.isOpen()) reply("error", { reason });
  }
}

async function admit(
  context: RealtimeContext,
  connection: Connection,
  message: ClientMessage,
  config: JoinConfig,
  accept: (response: unknown) => void,
): Promise<void> {
  const topic = message.topic.slice("realtime:".length);
  if (topic === "") throw new RealtimeError("TopicNameRequired", "You must provide a topic name");
  if (context.privateOnly && !config.isPrivate) {
    throw new RealtimeError("PrivateOnly", "This project only allows private channels");
  }
  if (config.replay !== undefined && !config.isPrivate) {
    throw new RealtimeError("UnableToReplayMessages", "Replay is not allowed for public channels");
  }
  // A second join of the same topic replaces the first, as in Phoenix.
  const former = connection.channels.get(message.topic);
  if (former) closeChannel(context, former);

  const { isPrivate, presenceEnabled, token } = config;
  const { claims, access } = await authorizeChannel(context, {
    connection,
    token,
    topic,
    isPrivate,
    presenceEnabled,
  });
  const replayed = config.replay === undefined ? [] : await replayFor(context, topic, config.replay, access);
  if (!connection.isOpen()) return;
  // Counted here, after the last await, since joins of other topics may be under way.
  if (connection.channels.size >= context.limits.channelsPerConnection) {
    throw new RealtimeError("ChannelRateLimitReached", "Too many channels");
  }

  const channel: Channel = {
    connection,
    topic,
    joinRef: message.joinRef,
    isPrivate,
    ackBroadcast: config.ackBroadcast,
    selfBroadcast: config.selfBroadcast,
    presenceKey: config.presenceKey,
    presenceEnabled,
    token,
    claims,
    access,
    expiry: undefined,
    replayed: new Set(replayed.map(({ id }) => id)),
    presenceCalls: { count: 0, resetAt: 0 },
  };
  connection.channels.set(message.topic, channel);
  context.topics.add(channel);
  accept({
    postgres_changes: config.postgresChanges.map((binding, index) => ({ ...binding, id: index + 1 })),
  });
  for (const { envelope } of replayed) {
    connection.push(message.joinRef, null, message.topic, "broadcast", JSON.parse(envelope));
  }
  if (presenceEnabled && access.presenceRead) {
    connection.push(message.joinRef, null, message.topic, "presence_state", context.presence.state(channel));
  }
  if (config.postgresChanges.length > 0) refusePostgresChanges(channel);
  if (config.replicationReady) announceReplication(context, channel);
  scheduleExpiry(context, channel);
}

async function replayFor(
  context: RealtimeContext,
  topic: string,
  replay: unknown,
  access: Channel["access"],
) {
  if (!access.broadcastRead) {
    throw new RealtimeError(
      "Unauthorized",
      `You do not have permissions to read from this Channel topic: ${topic}`,
    );
  }
  return context.replay(topic, replay);
}

/** The join itself stays valid, so broadcasts still arrive; hosted also reports a failed binding this way. */
function refusePostgresChanges({ connection, joinRef, topic }: Channel): void {
  connection.push(joinRef, null, `realtime:${topic}`, "system", {
    extension: "postgres_changes",
    status: "error",
    message:
      "postgres_changes is not available on this local platform: it offers Broadcast and Presence. " +
      "Broadcast the change from a trigger (realtime.send or realtime.broadcast_changes) and listen to 'broadcast'.",
    channel: topic,
  });
}
