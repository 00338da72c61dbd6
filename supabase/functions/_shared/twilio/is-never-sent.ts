// Whether a fetch failed before any part of the request was sent: then Twilio can't have received anything.

/** Node's error codes for connections that were never made. */
const NEVER_CONNECTED = new Set([
  "ECONNREFUSED",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "UND_ERR_CONNECT_TIMEOUT",
]);

/**
 * True for refused connections, unknown hosts and failed TLS handshakes only. Everything in doubt is false: a POST to
 * Twilio is not idempotent, and a send wrongly taken for unsent would be sent twice.
 */
export function isNeverSent(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  // Deno's fetch uses hyper, whose error names the phase: Connect ends before the request is written.
  if (error.message.includes("client error (Connect)")) return true;
  const { code } = (error.cause ?? {}) as { code?: unknown };
  return typeof code === "string" && NEVER_CONNECTED.has(code);
}
