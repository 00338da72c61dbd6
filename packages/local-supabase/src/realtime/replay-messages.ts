/** Reads the last broadcasts of a private topic, for a subscriber that asks to see what it missed. */
import type { Sql } from "postgres";
import { RealtimeError } from "./realtime-error.ts";
import type { EnvelopeBroadcast } from "./realtime-types.ts";

export type ReplayMessages = (
  topic: string,
  config: unknown,
) => Promise<(EnvelopeBroadcast & { id: string })[]>;

/**
 * Takes a connection; returns the reader. Its `config` is the client's `{ since: <ms since 1970>, limit?: 1-25 }`, it
 * returns the newest `limit` JSON broadcasts since then, oldest first, and throws UnableToReplayMessages otherwise.
 */
export function createReplayMessages(sql: Sql): ReplayMessages {
  return async (topic, config) => {
    const { since, limit = 25 } = (config ?? {}) as { since?: unknown; limit?: unknown };
    if (!Number.isInteger(since) || !Number.isInteger(limit)) {
      throw new RealtimeError("UnableToReplayMessages", "Replay params are not valid");
    }
    const rows = await sql<{ id: string; event: string; payload: string }[]>`
      select id, event, payload::text as payload
      from realtime.messages
      where topic = ${topic} and private and extension = 'broadcast' and event is not null and payload is not null
        and inserted_at >= to_timestamp(${String(since)}::text::numeric / 1000)
      order by inserted_at desc, ctid desc
      limit ${Math.min(25, Math.max(1, Number(limit)))}`.catch((error: unknown) => {
      throw new RealtimeError("UnableToReplayMessages", "Realtime was unable to replay messages", {
        cause: error,
      });
    });
    return rows.reverse().map(({ id, event, payload }) => ({
      kind: "envelope",
      id,
      envelope: `{"type":"broadcast","event":${JSON.stringify(event)},"payload":${payload},"meta":{"replayed":true,"id":"${id}"}}`,
    }));
  };
}
