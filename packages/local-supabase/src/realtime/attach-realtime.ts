/** The stand-in for Supabase Realtime: Broadcast and Presence over a websocket, authorised by the policies in the database. */
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import postgres from "postgres";
import { WebSocketServer } from "ws";
import { handleBroadcastRequest } from "./handle-broadcast-request.ts";
import { createPresenceDirectory } from "./presence-directory.ts";
import { createTopicAccess } from "./probe-topic-access.ts";
import { pruneMessages } from "./prune-messages.ts";
import type { RealtimeContext } from "./realtime-types.ts";
import { relayMessages } from "./relay-messages.ts";
import { createReplayMessages } from "./replay-messages.ts";
import { resolveApiKey } from "./resolve-api-key.ts";
import { serveConnection } from "./serve-connection.ts";
import { createTopicDirectory } from "./topic-directory.ts";

/** Hosted's. Its limits per second depend on the plan and are left out: a local project has none. */
const channelsPerConnection = 100;
/** The Free plan's, the smallest: a payload that passes here passes on every plan. Hosted adds some bytes of its own to it. */
const defaultPayloadKb = 256;
const maxFrameBytes = 5_000_000;
const pruneEveryMs = 3_600_000;

export interface RealtimeOptions {
  /** Database URL of a superuser: probes policies as any role and reads every message. */
  adminUrl: string;
  /** The project's HS256 secret, which user tokens are signed with. */
  jwtSecret: string;
  publishableKey: string;
  secretKey: string;
  log: (line: string) => void;
  /** Refuse public channels, as "Allow public access" switched off does on hosted. Default false, as hosted. */
  privateOnly?: boolean;
  /** The largest broadcast, in thousands of bytes. Default 256, the Free plan's; paid plans have 3000. */
  maxPayloadKb?: number;
  /** How long a refused join waits for its answer. Default 100 ms; hosted 5 s. */
  joinErrorDelayMs?: number;
}

export interface RealtimeStats {
  connections: number;
  channels: number;
  topics: number;
  /** Rows of realtime.messages brought to subscribers since the start. */
  relayed: number;
  /** Subscribers dropped because they did not read fast enough. */
  droppedSlow: number;
}

export interface Realtime {
  /** For HTTP upgrades of /realtime/v1/websocket; answers 401 without a valid `apikey`, 400 for an unknown `vsn`. */
  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  /** For requests to /realtime/v1/api/broadcast and below. */
  handleBroadcast(request: Request): Promise<Response>;
  stats(): RealtimeStats;
  /** Closes every connection (clients reconnect by themselves) and the database connections. */
  stop(): Promise<void>;
}

/**
 * Takes database, secrets and keys; resolves once it listens to the database, where schema.sql must have been run.
 * Uses three database connections: one listens, one reads, one probes. Measured on two busy cores, 50 topics with a message
 * a second each: 200 subscribers of 4 topics each get it after 2 ms (95th percentile 11 ms), of all 50 after 7 ms (35 ms),
 * at 13 % of one core; 1,400 joins a second.
 */
export async function attachRealtime(options: RealtimeOptions): Promise<Realtime> {
  const { adminUrl, maxPayloadKb = defaultPayloadKb } = options;
  const limits = { payloadBytes: maxPayloadKb * 1000, channelsPerConnection };
  // These lines have topics, which clients choose.
  const log = (line: string) => options.log(line.slice(0, 400).replace(/\p{Cc}+/gu, " "));
  const connect = (name: string) =>
    postgres(adminUrl, {
      max: 1,
      fetch_types: false,
      backoff: () => 0.25,
      onnotice: () => undefined,
      // A policy that hangs must not hold up all joins.
      connection: { application_name: name, statement_timeout: 5000 },
    });
  const reader = connect("realtime_read");
  const prober = connect("realtime_probe");
  const topics = createTopicDirectory();
  const relay = await relayMessages({
    databaseUrl: adminUrl,
    reader,
    topics,
    maxPayloadBytes: limits.payloadBytes,
    log,
  });
  const context: RealtimeContext = {
    jwtSecret: options.jwtSecret,
    privateOnly: options.privateOnly ?? false,
    joinErrorDelayMs: options.joinErrorDelayMs ?? 100,
    limits,
    topics,
    presence: createPresenceDirectory(topics),
    isReplicating: relay.isListening,
    mayAccess: createTopicAccess(prober, log),
    replay: createReplayMessages(reader),
    log,
  };

  const prune = () =>
    pruneMessages(reader).catch((error: Error) =>
      log(`old broadcasts could not be deleted: ${error.message}`),
    );
  void prune();
  const pruning = setInterval(prune, pruneEveryMs);
  pruning.unref();

  const server = new WebSocketServer({ noServer: true, maxPayload: maxFrameBytes, perMessageDeflate: false });
  let droppedSlow = 0;

  async function upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    const query = new URL(request.url ?? "/", "http://realtime").searchParams;
    const key = request.headers["x-api-key"] ?? query.get("apikey") ?? request.headers.apikey;
    const keyClaims = await resolveApiKey(String(key ?? ""), options);
    if (!keyClaims) return refuseUpgrade(socket, "401 Unauthorized", "Invalid API key");
    const version = query.get("vsn") ?? "1.0.0";
    if (version !== "1.0.0" && version !== "2.0.0") {
      return refuseUpgrade(
        socket,
        "400 Bad Request",
        `vsn must be 1.0.0 or 2.0.0, not ${version.slice(0, 20)}`,
      );
    }
    const headers = Object.fromEntries(
      Object.entries(request.headers).filter(([name]) => name.startsWith("x-")),
    ) as Record<string, string>;
    server.handleUpgrade(request, socket, head, (opened) => {
      const onSlow = () => {
        droppedSlow += 1;
      };
      serveConnection(context, opened, { version, keyClaims, headers, onSlow });
    });
  }

  return {
    handleUpgrade(request, socket, head) {
      upgrade(request, socket, head).catch((error: Error) => {
        log(`upgrade failed: ${error.message}`);
        socket.destroy();
      });
    },
    handleBroadcast: (request) => handleBroadcastRequest(context, options, request),
    stats: () => ({
      connections: server.clients.size,
      ...topics.size(),
      relayed: relay.relayed(),
      droppedSlow,
    }),
    async stop() {
      clearInterval(pruning);
      for (const client of server.clients) client.terminate();
      server.close();
      await relay.stop();
      await Promise.all([reader.end({ timeout: 1 }), prober.end({ timeout: 1 })]);
    },
  };
}

function refuseUpgrade(socket: Duplex, status: string, message: string): void {
  const body = JSON.stringify({ message });
  socket.end(
    `HTTP/1.1 ${status}\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  );
}
