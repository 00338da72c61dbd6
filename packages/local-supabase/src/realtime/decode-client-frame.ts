/** Reads one websocket frame of a client, in either version of the protocol. */
import type { ClientMessage, ProtocolVersion } from "./realtime-types.ts";

const userBroadcastPush = 3;

/**
 * Takes the protocol version and a frame; returns the message in it.
 * Throws if the frame is not of that version; hosted closes the connection then.
 */
export function decodeClientFrame(version: ProtocolVersion, data: Buffer, isBinary: boolean): ClientMessage {
  if (isBinary) {
    if (version === "1.0.0") throw new Error("binary frames need protocol 2.0.0");
    return decodeUserBroadcast(data);
  }
  const parsed: unknown = JSON.parse(data.toString("utf8"));
  if (version === "2.0.0") {
    if (!Array.isArray(parsed) || parsed.length < 5)
      throw new Error("expected [join_ref, ref, topic, event, payload]");
    return toMessage(parsed[0], parsed[1], parsed[2], parsed[3], parsed[4]);
  }
  if (typeof parsed !== "object" || parsed === null)
    throw new Error("expected {topic, event, payload, ref, join_ref}");
  const { join_ref, ref, topic, event, payload } = parsed as Record<string, unknown>;
  return toMessage(join_ref, ref, topic, event, payload);
}

function toMessage(
  joinRef: unknown,
  ref: unknown,
  topic: unknown,
  event: unknown,
  payload: unknown,
): ClientMessage {
  if (typeof topic !== "string" || typeof event !== "string")
    throw new Error("topic and event must be strings");
  return { joinRef: toRef(joinRef), ref: toRef(ref), topic, event, payload };
}

function toRef(value: unknown): string | null {
  return typeof value === "string" || typeof value === "number" ? String(value) : null;
}

/** [3][joinRef, ref, topic, event, metadata lengths][encoding] then those five, then the payload. */
function decodeUserBroadcast(data: Buffer): ClientMessage {
  if (data[0] !== userBroadcastPush || data.length < 7)
    throw new Error(`unknown binary frame of kind ${data[0]}`);
  let offset = 7;
  const read = (index: number): string => {
    const length = data.readUInt8(index);
    if (offset + length > data.length) throw new Error("binary frame is shorter than its header says");
    offset += length;
    return data.toString("utf8", offset - length, offset);
  };
  const [joinRef, ref, topic, event] = [read(1), read(2), read(3), read(4)];
  read(5);
  return {
    joinRef: joinRef || null,
    ref: ref || null,
    topic,
    event: "broadcast",
    payload: null,
    userBroadcast: {
      kind: "user",
      event,
      encoding: data[6] === 0 ? "binary" : "json",
      payload: data.subarray(offset),
    },
  };
}
