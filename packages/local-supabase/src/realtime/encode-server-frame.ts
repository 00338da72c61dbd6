/** Writes a message to a client as a websocket frame, in either version of the protocol. */
import type { Frame, ProtocolVersion } from "./realtime-types.ts";

/**
 * Takes version, refs, topic, event and payload; returns the text frame.
 */
export function encodeServerFrame(
  version: ProtocolVersion,
  joinRef: string | null,
  ref: string | null,
  topic: string,
  event: string,
  payload: unknown,
): Frame {
  const text =
    version === "2.0.0"
      ? JSON.stringify([joinRef, ref, topic, event, payload])
      : JSON.stringify({ topic, event, payload, ref, join_ref: joinRef });
  return { data: Buffer.from(text), binary: false };
}
