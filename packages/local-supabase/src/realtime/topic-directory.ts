/** Who is subscribed to which topic, and the fan-out to them. */
import { encodeBroadcast } from "./encode-broadcast.ts";
import type { Broadcast, Channel, Frame, ProtocolVersion } from "./realtime-types.ts";

export interface TopicDirectory {
  add(channel: Channel): void;
  remove(channel: Channel): void;
  members(topic: string, isPrivate: boolean): Iterable<Channel>;
  /** Sends to every member of the topic that may read broadcasts, except `except`; returns to how many. */
  broadcast(topic: string, isPrivate: boolean, broadcast: Broadcast, except?: Channel): number;
  size(): { topics: number; channels: number };
}

/** Returns an empty directory. Private and public subscribers of one topic are kept apart, as hosted. */
export function createTopicDirectory(): TopicDirectory {
  const topics = new Map<string, Set<Channel>>();
  let channels = 0;

  return {
    add(channel) {
      const key = keyOf(channel.topic, channel.isPrivate);
      const members = topics.get(key) ?? new Set<Channel>();
      topics.set(key, members.add(channel));
      channels += 1;
    },
    remove(channel) {
      const key = keyOf(channel.topic, channel.isPrivate);
      const members = topics.get(key);
      if (!members?.delete(channel)) return;
      channels -= 1;
      if (members.size === 0) topics.delete(key);
    },
    members: (topic, isPrivate) => topics.get(keyOf(topic, isPrivate)) ?? [],
    broadcast(topic, isPrivate, broadcast, except) {
      // Encoded at most once per version, however many subscribers.
      const frames = new Map<ProtocolVersion, Frame | undefined>();
      let sent = 0;
      for (const channel of topics.get(keyOf(topic, isPrivate)) ?? []) {
        if (channel === except || !channel.access.broadcastRead) continue;
        if (broadcast.id !== undefined && channel.replayed.has(broadcast.id)) continue;
        const { version } = channel.connection;
        if (!frames.has(version))
          frames.set(version, encodeBroadcast(version, `realtime:${topic}`, broadcast));
        const frame = frames.get(version);
        if (!frame) continue;
        channel.connection.send(frame);
        sent += 1;
      }
      return sent;
    },
    size: () => ({ topics: topics.size, channels }),
  };
}

function keyOf(topic: string, isPrivate: boolean): string {
  return `${isPrivate ? "private" : "public"}:${topic}`;
}
