/** Writes a broadcast once per protocol version, for all its subscribers. */
import type { Broadcast, Frame, ProtocolVersion, UserBroadcast } from "./realtime-types.ts";

const userBroadcast = 4;

/**
 * Takes version, full topic ("realtime:…") and broadcast; returns the frame, or undefined if the version can't carry it
 * (bytes under 1.0.0, or names over the 255 bytes of a binary header: hosted drops both).
 */
export function encodeBroadcast(
  version: ProtocolVersion,
  topic: string,
  broadcast: Broadcast,
): Frame | undefined {
  if (broadcast.kind === "user" && version === "2.0.0") return encodeUserBroadcast(topic, broadcast);
  if (broadcast.kind === "user" && broadcast.encoding === "binary") return undefined;
  // The payload is JSON text already and is not parsed: a row of 3,000 kB is copied, never decoded.
  const envelope = broadcast.kind === "envelope" ? broadcast.envelope : toEnvelope(broadcast);
  const name = JSON.stringify(topic);
  const text =
    version === "2.0.0"
      ? `[null,null,${name},"broadcast",${envelope}]`
      : `{"topic":${name},"event":"broadcast","payload":${envelope},"ref":null}`;
  return { data: Buffer.from(text), binary: false };
}

function toEnvelope(broadcast: UserBroadcast): string {
  return `{"type":"broadcast","event":${JSON.stringify(broadcast.event)},"payload":${broadcast.payload.toString("utf8")}}`;
}

/** [4][topic, event, metadata lengths][encoding] then those three, then the payload. */
function encodeUserBroadcast(topic: string, broadcast: UserBroadcast): Frame | undefined {
  const parts = [topic, broadcast.event, broadcast.id ? JSON.stringify({ id: broadcast.id }) : ""].map(
    (part) => Buffer.from(part),
  );
  if (parts.some((part) => part.length > 255)) return undefined;
  const header = [userBroadcast, ...parts.map((part) => part.length), broadcast.encoding === "json" ? 1 : 0];
  return { data: Buffer.concat([Buffer.from(header), ...parts, broadcast.payload]), binary: true };
}
