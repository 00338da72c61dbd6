/** One websocket of a client, from its opening to its close. */
import type { RawData, WebSocket } from "ws";
import { closeChannel } from "./close-channel.ts";
import { decodeClientFrame } from "./decode-client-frame.ts";
import { encodeServerFrame } from "./encode-server-frame.ts";
import { handleClientMessage } from "./handle-client-message.ts";
import type { Claims, Connection, Frame, ProtocolVersion, RealtimeContext } from "./realtime-types.ts";

/** A subscriber that reads this little is dropped rather than kept in memory; two of the largest messages fit. */
const maxBufferedBytes = 8 * 1024 * 1024;
/** Clients send a heartbeat every 25 s; hosted hangs up after 60 s of silence. */
const silenceMs = 60_000;
/** A client that asks for more than this at once is not read from until some of it is answered. */
const maxPending = 200;

export interface ConnectionOptions {
  version: ProtocolVersion;
  keyClaims: Claims;
  headers: Record<string, string>;
  onSlow: () => void;
}

/** Takes an open websocket; serves it until it closes, and returns the connection. */
export function serveConnection(
  context: RealtimeContext,
  socket: WebSocket,
  options: ConnectionOptions,
): Connection {
  const { version, keyClaims, headers } = options;
  const queues = new Map<string, Promise<void>>();
  let pending = 0;

  const connection: Connection = {
    version,
    keyClaims,
    headers,
    channels: new Map(),
    isOpen: () => socket.readyState === socket.OPEN,
    send({ data, binary }: Frame) {
      if (socket.readyState !== socket.OPEN) return;
      if (socket.bufferedAmount > maxBufferedBytes) {
        context.log(
          `subscriber dropped: it is ${socket.bufferedAmount} bytes behind (at most ${maxBufferedBytes})`,
        );
        options.onSlow();
        return socket.terminate();
      }
      socket.send(data, { binary });
    },
    push(joinRef, ref, topic, event, payload) {
      this.send(encodeServerFrame(version, joinRef, ref, topic, event, payload));
    },
  };

  const silence = setTimeout(() => socket.terminate(), silenceMs);
  silence.unref();

  socket.on("message", (data: RawData, isBinary: boolean) => {
    silence.refresh();
    let message: ReturnType<typeof decodeClientFrame>;
    try {
      message = decodeClientFrame(version, data as Buffer, isBinary);
    } catch (error) {
      return socket.close(1003, `malformed frame: ${(error as Error).message}`.slice(0, 120));
    }
    // Messages of one topic are handled in order of arrival; topics do not wait for each other.
    pending += 1;
    if (pending > maxPending) socket.pause();
    const handled = (queues.get(message.topic) ?? Promise.resolve())
      .then(() => handleClientMessage(context, connection, message))
      .catch((error: unknown) => context.log(`${message.event} on ${message.topic} failed: ${String(error)}`))
      .finally(() => {
        pending -= 1;
        if (pending <= maxPending / 2 && socket.isPaused) socket.resume();
        if (queues.get(message.topic) === handled) queues.delete(message.topic);
      });
    queues.set(message.topic, handled);
  });
  socket.on("error", (error) => context.log(`connection failed: ${error.message}`));
  socket.on("close", () => {
    clearTimeout(silence);
    for (const channel of [...connection.channels.values()]) closeChannel(context, channel);
  });
  return connection;
}
