/** Who is present on which topic, and the state and diffs that are sent to the others. */
import type { Channel } from "./realtime-types.ts";
import type { TopicDirectory } from "./topic-directory.ts";

type Meta = { phx_ref: string; phx_ref_prev?: string; [key: string]: unknown };
type PresenceList = Record<string, { metas: Meta[] }>;

export interface PresenceDirectory {
  track(channel: Channel, payload: Record<string, unknown>): void;
  untrack(channel: Channel): void;
  state(channel: Channel): PresenceList;
}

/** Takes the directory of topics, to reach the others; returns an empty directory of presences. */
export function createPresenceDirectory(topics: TopicDirectory): PresenceDirectory {
  const present = new Map<Channel, Meta>();
  let lastRef = 0;

  function publish(channel: Channel, joins: PresenceList, leaves: PresenceList): void {
    for (const member of topics.members(channel.topic, channel.isPrivate)) {
      if (member.isPrivate && member.access.presenceRead !== true) continue;
      member.connection.push(null, null, `realtime:${member.topic}`, "presence_diff", { joins, leaves });
    }
  }

  const listOf = (channel: Channel, meta: Meta): PresenceList => ({
    [channel.presenceKey]: { metas: [meta] },
  });

  return {
    track(channel, payload) {
      const previous = present.get(channel);
      lastRef += 1;
      const meta: Meta = { ...payload, phx_ref: `r${lastRef}` };
      present.set(channel, meta);
      if (!previous) return publish(channel, listOf(channel, meta), {});
      publish(
        channel,
        listOf(channel, { ...meta, phx_ref_prev: previous.phx_ref }),
        listOf(channel, previous),
      );
    },
    untrack(channel) {
      const meta = present.get(channel);
      if (!meta) return;
      present.delete(channel);
      publish(channel, {}, listOf(channel, meta));
    },
    state(channel) {
      const list: PresenceList = {};
      for (const member of topics.members(channel.topic, channel.isPrivate)) {
        const meta = present.get(member);
        if (!meta) continue;
        const entry = list[member.presenceKey] ?? { metas: [] };
        entry.metas.push(meta);
        list[member.presenceKey] = entry;
      }
      return list;
    },
  };
}
