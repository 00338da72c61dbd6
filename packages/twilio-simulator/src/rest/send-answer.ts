// Writes an answer as Twilio does: JSON, its headers, the number of concurrent requests.
import type { ServerResponse } from "node:http";
import type { ApiAnswer } from "./api-call.ts";

/** Sends `answer`; does nothing when the client has gone. `concurrent` is the account's requests in flight. */
export function sendAnswer(res: ServerResponse, answer: ApiAnswer, concurrent?: number): void {
  if (res.destroyed || res.writableEnded) return;
  const headers: Record<string, string | number> = { ...answer.headers };
  if (concurrent !== undefined) headers["Twilio-Concurrent-Requests"] = concurrent;
  if (answer.body === undefined) {
    res.writeHead(answer.status, headers).end();
    return;
  }
  const text = JSON.stringify(answer.body);
  headers["Content-Type"] = "application/json";
  headers["Content-Length"] = Buffer.byteLength(text);
  res.writeHead(answer.status, headers).end(text);
}
