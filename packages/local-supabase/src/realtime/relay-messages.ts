/** Brings committed rows of realtime.messages to the subscribers: listens, reads in batches, fans out. */
import { setTimeout as delay } from "node:timers/promises";
import postgres, { type Sql } from "postgres";
import { isDatabaseAway } from "./is-database-away.ts";
import type { Broadcast } from "./realtime-types.ts";
import type { TopicDirectory } from "./topic-directory.ts";

const notifyChannel = "realtime_messages";
/** Rows notified while one batch is read form the next, so batches grow with the load; 50 of the largest are 150 MB. */
const batchSize = 50;
/** Ids kept while the database can't be read; about 1 MB. */
const maxWaiting = 20_000;
const retryMs = 250;

interface MessageRow {
  id: string;
  topic: string;
  event: string;
  private: boolean;
  payload: string | null;
  binary_payload: Buffer | null;
}

export interface RelayOptions {
  databaseUrl: string;
  reader: Sql;
  topics: TopicDirectory;
  maxPayloadBytes: number;
  log: (line: string) => void;
}

/**
 * Takes the database and the directory of subscribers; resolves when it listens. A lost connection is retried every
 * 250 ms; messages committed in between are not delivered (hosted's temporary replication slot loses them too), but can be
 * requested with `replay`.
 */
export async function relayMessages(
  options: RelayOptions,
): Promise<{ stop(): Promise<void>; relayed(): number; isListening(): boolean }> {
  const { databaseUrl, reader, topics, maxPayloadBytes, log } = options;
  let waiting: string[] = [];
  let draining = false;
  let stopped = false;
  let relayed = 0;
  let isListening = false;
  let listener: Sql | undefined;

  function listen(): Promise<void> {
    return new Promise((resolve, reject) => {
      let state: "opening" | "listening" | "lost" = "opening";
      const lose = (error: unknown) => {
        if (state === "lost") return;
        const wasListening = state === "listening";
        state = "lost";
        isListening = false;
        connection.end({ timeout: 0 }).catch(() => undefined);
        if (!wasListening) return reject(error);
        if (stopped) return;
        log("database connection lost: broadcasts are not delivered until it is back");
        void listenAgain();
      };
      const settings = {
        max: 1,
        idle_timeout: 0,
        max_lifetime: null,
        fetch_types: false,
        connection: { application_name: "realtime_listen" },
        onclose: () => lose(new Error("the database closed the connection")),
        // Known to postgres.js, unknown to its types; its own sql.listen() gives up when a reconnect fails.
        onnotify: (_channel: string, ids: string) => receive(ids),
      };
      const connection = postgres(databaseUrl, settings);
      listener = connection;
      connection.unsafe(`listen ${notifyChannel}`).then(() => {
        state = "listening";
        isListening = true;
        resolve();
      }, lose);
    });
  }

  async function listenAgain(): Promise<void> {
    while (!stopped) {
      await delay(retryMs);
      const isBack = await listen().then(
        () => true,
        () => false,
      );
      if (isBack) return log("database connection is back");
    }
    await listener?.end({ timeout: 1 });
  }

  function receive(ids: string): void {
    if (topics.size().channels === 0) return;
    waiting.push(...ids.split(","));
    if (waiting.length > maxWaiting) {
      log(`${waiting.length - maxWaiting} broadcasts dropped: the database is not readable`);
      waiting = waiting.slice(-maxWaiting);
    }
    if (!draining) void drain();
  }

  async function drain(): Promise<void> {
    draining = true;
    while (waiting.length > 0 && !stopped) {
      const ids = waiting.splice(0, batchSize);
      try {
        const rows = await reader<MessageRow[]>`
          select id, topic, event, private, payload::text as payload, binary_payload
          from realtime.messages
          where id = any(string_to_array(${ids.join(",")}, ',')::uuid[])`;
        const byId = new Map(rows.map((row) => [row.id, row]));
        for (const id of ids) deliver(byId.get(id));
      } catch (error) {
        if (stopped) break;
        const isAway = isDatabaseAway(error);
        log(`${ids.length} broadcasts ${isAway ? "wait" : "are lost"}: ${(error as Error).message}`);
        if (isAway) waiting.unshift(...ids);
        await delay(retryMs);
      }
    }
    draining = false;
  }

  function deliver(row: MessageRow | undefined): void {
    if (!row) return;
    const size = row.payload === null ? (row.binary_payload?.length ?? 0) : Buffer.byteLength(row.payload);
    if (size > maxPayloadBytes) {
      log(`UnableToBroadcastChanges: ${size} bytes on ${row.topic}, at most ${maxPayloadBytes}`);
      return;
    }
    topics.broadcast(row.topic, row.private, toBroadcast(row));
    relayed += 1;
  }

  await listen();
  return {
    relayed: () => relayed,
    isListening: () => isListening,
    async stop() {
      stopped = true;
      await listener?.end({ timeout: 1 });
    },
  };
}

function toBroadcast({ id, event, payload, binary_payload }: MessageRow): Broadcast {
  if (binary_payload) return { kind: "user", event, encoding: "binary", payload: binary_payload, id };
  return {
    kind: "envelope",
    id,
    envelope: `{"type":"broadcast","event":${JSON.stringify(event)},"payload":${payload},"meta":{"id":"${id}"}}`,
  };
}
