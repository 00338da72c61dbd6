// Answers requests that are not HTTP or whose head is too large.
import type { Server } from "node:http";
import type { Duplex } from "node:stream";

const answers: Record<string, string> = {
  HPE_HEADER_OVERFLOW: "431 Request Header Fields Too Large",
  ERR_HTTP_REQUEST_TIMEOUT: "408 Request Timeout",
};
/** How long a caller may go on sending after the answer, in ms. */
const LINGER_MS = 2_000;

/**
 * Makes the server answer 400, 408 or 431 and read on for a moment before it closes the connection. Node closes at once: a
 * client that is still sending a body then gets a reset connection and never sees the answer.
 */
export function refuseBrokenHttp(server: Server): void {
  const refused = new WeakSet<Duplex>();
  server.on("clientError", (error: NodeJS.ErrnoException, socket) => {
    // What follows the broken part is broken too.
    if (refused.has(socket)) return;
    refused.add(socket);
    if (error.code === "ECONNRESET" || !socket.writable) return void socket.destroy();
    const status = answers[error.code ?? ""] ?? "400 Bad Request";
    socket.end(`HTTP/1.1 ${status}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`);
    const closing = setTimeout(() => socket.destroy(), LINGER_MS);
    socket.once("close", () => clearTimeout(closing));
  });
}
