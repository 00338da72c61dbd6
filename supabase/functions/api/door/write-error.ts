// Writes errors as the dashboard reads them: a numeric code, a type, and the message once more as `detail`.
import type { AppError } from "../../_shared/http/app-error.ts";
import { respondError } from "../../_shared/http/respond.ts";

/**
 * `error.name` is the stable word of our own API, `error.code` the HTTP status.
 * @param badIdStatus the status of an id in a path that is none
 */
export function writeError(error: AppError, requestId: string, badIdStatus: 400 | 422 = 400): Response {
  const { code, message, details } = error;
  const isBadId = code === "malformed_request" && Array.isArray(details?.errors);
  const status = isBadId ? badIdStatus : error.status;
  const type = status === 422 ? "validation_error" : status >= 500 ? "internal_error" : "http_error";
  const body = {
    success: false,
    error: { type, code: status, name: code, message, details, request_id: requestId },
    detail: message,
  };
  // Its headers are the same: Retry-After, WWW-Authenticate.
  const { headers } = respondError(error, requestId);
  headers.delete("content-length");
  return Response.json(body, { status, headers });
}
