/** The shapes the parts of the Realtime server hand to each other. */
import type { PresenceDirectory } from "./presence-directory.ts";
import type { TopicAccess } from "./probe-topic-access.ts";
import type { ReplayMessages } from "./replay-messages.ts";
import type { TopicDirectory } from "./topic-directory.ts";

/** Phoenix serialisation: 1.0.0 is JSON objects only, 2.0.0 JSON arrays and binary user broadcasts. */
export type ProtocolVersion = "1.0.0" | "2.0.0";

export interface Claims {
  role: string;
  exp?: number;
  [claim: string]: unknown;
}

/** One message of a client, whatever the frame it came in. */
export interface ClientMessage {
  joinRef: string | null;
  ref: string | null;
  topic: string;
  event: string;
  payload: unknown;
  /** Set for binary frames of kind 3; `payload` is null then. */
  userBroadcast?: UserBroadcast;
}

export interface UserBroadcast {
  kind: "user";
  event: string;
  encoding: "json" | "binary";
  payload: Buffer;
  id?: string;
}

/** A broadcast whose `{type, event, payload, meta}` is JSON text already. */
export interface EnvelopeBroadcast {
  kind: "envelope";
  envelope: string;
  id?: string;
}

export type Broadcast = UserBroadcast | EnvelopeBroadcast;

export interface Frame {
  data: Buffer;
  binary: boolean;
}

export interface Connection {
  readonly version: ProtocolVersion;
  /** Claims of the connection's API key; used if a channel has no token of its own. */
  readonly keyClaims: Claims;
  readonly headers: Record<string, string>;
  readonly channels: Map<string, Channel>;
  readonly isOpen: () => boolean;
  send(frame: Frame): void;
  push(joinRef: string | null, ref: string | null, topic: string, event: string, payload: unknown): void;
}

export interface Channel {
  readonly connection: Connection;
  /** Without the "realtime:" in front. */
  readonly topic: string;
  readonly joinRef: string | null;
  readonly isPrivate: boolean;
  readonly ackBroadcast: boolean;
  readonly selfBroadcast: boolean;
  readonly presenceKey: string;
  presenceEnabled: boolean;
  token: string | null;
  claims: Claims;
  /** undefined = not checked yet. Write permissions are checked at the first send, as hosted. */
  access: {
    broadcastRead: boolean;
    presenceRead?: boolean;
    broadcastWrite?: boolean;
    presenceWrite?: boolean;
  };
  expiry: NodeJS.Timeout | undefined;
  replayed: Set<string>;
  presenceCalls: { count: number; resetAt: number };
}

export interface RealtimeContext {
  readonly jwtSecret: string;
  readonly privateOnly: boolean;
  readonly joinErrorDelayMs: number;
  readonly limits: { payloadBytes: number; channelsPerConnection: number };
  readonly topics: TopicDirectory;
  readonly presence: PresenceDirectory;
  /** Whether broadcasts of the database are received at the moment. */
  readonly isReplicating: () => boolean;
  readonly mayAccess: TopicAccess;
  readonly replay: ReplayMessages;
  readonly log: (line: string) => void;
}
