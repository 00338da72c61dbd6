// Carries one call to a function's process and its answer back, both as streams.
import {
  type ClientRequest,
  type IncomingHttpHeaders,
  type IncomingMessage,
  request,
  type ServerResponse,
} from "node:http";
import { answerPlatformError } from "./answer-platform-error.ts";
import type { FunctionProcess } from "./function-process.ts";

// Connection-level headers are each side's own (RFC 9110 §7.6.1).
const hopByHop = new Set([
  "connection",
  "keep-alive",
  "proxy-connection",
  "te",
  "trailer",
  "upgrade",
  "expect",
]);

// The hosted platform hides the public URL from functions: they see this host, and the caller's in x-forwarded-*.
const hiddenHost = "edge-runtime.supabase.com";

function headersForFunction(req: IncomingMessage): IncomingHttpHeaders {
  const headers: IncomingHttpHeaders = {};
  for (const [name, value] of Object.entries(req.headers)) if (!hopByHop.has(name)) headers[name] = value;
  const host = req.headers.host ?? "127.0.0.1";
  const caller = req.socket.remoteAddress?.replace(/^::ffff:/, "") ?? "127.0.0.1";
  const before = req.headers["x-forwarded-for"];
  return {
    ...headers,
    host: hiddenHost,
    // Deno would compress for this loopback hop with the function's CPU; hosted compresses outside the function.
    "accept-encoding": "identity",
    "x-forwarded-for": before ? `${before}, ${caller}` : caller,
    "x-forwarded-host": host,
    "x-forwarded-port": host.split(":")[1] ?? "80",
    "x-forwarded-proto": "http",
  };
}

function headersForCaller(req: IncomingMessage, answer: IncomingMessage): IncomingHttpHeaders {
  const headers: IncomingHttpHeaders = {};
  for (const [name, value] of Object.entries(answer.headers)) if (!hopByHop.has(name)) headers[name] = value;
  // Hosted serves no web pages from its own domain.
  if (req.method === "GET" && headers["content-type"]?.startsWith("text/html"))
    headers["content-type"] = "text/plain";
  return headers;
}

export type Call = {
  target: FunctionProcess;
  /** Path and query as the function sees them, beginning with its name. */
  path: string;
  req: IncomingMessage;
  res: ServerResponse;
  /** Milliseconds the function has until its answer begins. */
  idleTimeoutMs: number;
  log: (line: string) => void;
};

/**
 * Resolves when the call has ended in any way: answered, 502 if the process died, 546 if it was stopped at a limit,
 * 504 if no answer began in time; a caller who hangs up ends the function's request as well.
 */
export function forwardCall(call: Call): Promise<void> {
  const { target, req, res } = call;
  return new Promise((resolve) => {
    let answered = false;
    const upstream = request({
      host: "127.0.0.1",
      port: target.port,
      agent: target.agent,
      method: req.method,
      path: call.path,
      headers: headersForFunction(req),
    });
    const timer = setTimeout(() => {
      call.log(`no answer within ${call.idleTimeoutMs} ms: ${req.method} ${call.path.split("?")[0]}`);
      answered = true;
      upstream.destroy();
      answerPlatformError(res, "IDLE_TIMEOUT");
    }, call.idleTimeoutMs);
    res.once("close", () => {
      clearTimeout(timer);
      if (!res.writableFinished) upstream.destroy();
      resolve();
    });
    upstream.once("response", (answer) => {
      clearTimeout(timer);
      answered = true;
      res.writeHead(answer.statusCode ?? 502, headersForCaller(req, answer));
      // Headers at once: a stream of events may bring its first byte much later.
      res.flushHeaders();
      answer.once("error", () => res.destroy());
      answer.once("aborted", () => res.destroy());
      answer.pipe(res);
    });
    upstream.once("error", () => {
      stopReading(req, upstream);
      if (answered || res.destroyed) return;
      clearTimeout(timer);
      answered = true;
      void target.judge().then((verdict) => answerPlatformError(res, verdict));
    });
    req.pipe(upstream);
    req.once("error", () => upstream.destroy());
  });
}

// The rest of an upload that is not wanted is read and dropped, or the caller could not read its answer.
function stopReading(req: IncomingMessage, upstream: ClientRequest): void {
  req.unpipe(upstream);
  req.resume();
}
