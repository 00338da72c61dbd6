// The platform's own answers in place of a function's, in the hosted shape: `{ code, message }` and `sb-error-code`.
import type { ServerResponse } from "node:http";

const errors = {
  NOT_FOUND: [404, "Requested function was not found"],
  BOOT_ERROR: [503, "Function failed to start (please check logs)"],
  WORKER_ERROR: [502, "The function's process ended before it answered; the next request starts it anew"],
  IDLE_TIMEOUT: [504, "The function did not answer in time"],
  WORKER_RESOURCE_LIMIT: [
    546,
    "Function failed due to not having enough compute resources (please check logs)",
  ],
} as const satisfies Record<string, readonly [number, string]>;

export type PlatformError = keyof typeof errors;

/** Answers with the error, or cuts the connection if an answer has already begun. */
export function answerPlatformError(res: ServerResponse, code: PlatformError): void {
  if (res.headersSent) {
    res.destroy();
    return;
  }
  const [status, message] = errors[code];
  res.writeHead(status, {
    "content-type": "application/json",
    "access-control-allow-origin": "*",
    "sb-error-code": code,
  });
  res.end(JSON.stringify({ code, message }));
}
