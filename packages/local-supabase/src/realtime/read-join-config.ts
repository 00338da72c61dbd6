/** Reads the payload of phx_join. */
import { randomUUID } from "node:crypto";

export interface JoinConfig {
  token: string | null;
  isPrivate: boolean;
  ackBroadcast: boolean;
  selfBroadcast: boolean;
  /** Whether the client asks to be told when broadcasts from the database reach it. */
  replicationReady: boolean;
  replay: unknown;
  presenceKey: string;
  presenceEnabled: boolean;
  postgresChanges: Record<string, unknown>[];
}

/** Takes the payload as sent; returns it with hosted's defaults. What is missing or of a wrong type counts as its default. */
export function readJoinConfig(payload: unknown): JoinConfig {
  const { config, access_token, user_token } = toObject(payload);
  const { broadcast, presence, postgres_changes, private: isPrivate } = toObject(config);
  const { ack, self, replay, replication_ready } = toObject(broadcast);
  const { key, enabled } = toObject(presence);
  return {
    token:
      typeof access_token === "string" ? access_token : typeof user_token === "string" ? user_token : null,
    isPrivate: isPrivate === true,
    ackBroadcast: ack === true,
    selfBroadcast: self === true,
    replicationReady: replication_ready === true,
    replay,
    presenceKey: typeof key === "string" && key !== "" ? key : randomUUID(),
    presenceEnabled: enabled === true,
    postgresChanges: Array.isArray(postgres_changes) ? postgres_changes.map(toObject) : [],
  };
}

function toObject(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}
