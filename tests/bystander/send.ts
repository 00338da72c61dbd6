// One HTTP request of any bytes and any headers that are valid on the wire, by Node's own client.
import { Agent, request } from "node:http";

export interface Sent {
  method: string;
  /** Path and query behind the platform's address. */
  path: string;
  headers: Record<string, string>;
  body?: string | Uint8Array;
}

export interface Answer {
  /** 0 if there was none. */
  status: number;
  text: string;
  ms: number;
}

const MOST_READ = 32 * 1024 * 1024;
/** Longer than any call may take, so that a report has the actual time. */
const PATIENCE_MS = 60_000;
const agent = new Agent({ keepAlive: true, maxSockets: 64 });

/** Never rejects: a missing answer has status 0 and the reason. */
export function send(apiUrl: string, sent: Sent): Promise<Answer> {
  const { method, path, headers, body } = sent;
  const { hostname, port } = new URL(apiUrl);
  const begun = performance.now();
  return new Promise((resolve) => {
    const end = (status: number, text: string) => resolve({ status, text, ms: performance.now() - begun });
    let call: ReturnType<typeof request>;
    try {
      const length = body === undefined ? {} : { "content-length": String(Buffer.byteLength(body)) };
      call = request({ hostname, port, method, path, agent, headers: { ...length, ...headers } });
    } catch (error) {
      // Node refuses to send invalid HTTP.
      return end(400, `not sent: ${(error as Error).message}`);
    }
    const timer = setTimeout(() => call.destroy(new Error(`no answer in ${PATIENCE_MS} ms`)), PATIENCE_MS);
    call.on("response", (response) => {
      const parts: Buffer[] = [];
      let size = 0;
      response.on("data", (part: Buffer) => {
        size += part.length;
        if (size <= MOST_READ) parts.push(part);
      });
      response.on("end", () => {
        clearTimeout(timer);
        end(response.statusCode ?? 0, Buffer.concat(parts).toString());
      });
      response.on("error", (error) => {
        clearTimeout(timer);
        end(0, `cut off: ${error.message}`);
      });
    });
    call.on("error", (error: NodeJS.ErrnoException) => {
      clearTimeout(timer);
      // The server may close an idle connection at the moment it is used again: every client then retries.
      if (call.reusedSocket && error.code === "ECONNRESET") return send(apiUrl, sent).then(resolve);
      end(0, error.message);
    });
    call.end(body);
  });
}
