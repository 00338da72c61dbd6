// Writes errors as the dashboard reads them: a numeric code, a type, and the message once more as `detail`.
import { z } from "zod";
import type { AppError } from "../../_shared/http/app-error.ts";
import { ERROR_STATUS } from "../../_shared/http/error-codes.ts";
import { respondError } from "../../_shared/http/respond.ts";
import type { BadIdStatus } from "./section.ts";

/** What writeError writes. */
export const dashboardError = z.object({
  success: z.literal(false),
  error: z.object({
    type: z.enum(["http_error", "validation_error", "internal_error"]),
    code: z.int().describe("The HTTP status"),
    name: z.enum(Object.keys(ERROR_STATUS) as [string, ...string[]]),
    message: z.string(),
    details: z.record(z.string(), z.unknown()).nullable(),
    request_id: z.string(),
  }),
  detail: z.string().describe("The message once more"),
});

/**
 * `error.name` is the stable word of our own API, `error.code` the HTTP status.
 * @param badIdStatus the status of an id in a path that is none
 */
export function writeError(error: AppError, requestId: string, badIdStatus: BadIdStatus = 400): Response {
  const { details } = error;
  const isBadId = error.code === "malformed_request" && Array.isArray(details?.errors);
  const status = isBadId ? badIdStatus : error.status;
  const isNowhere = isBadId && badIdStatus === 404;
  const code = isNowhere ? "not_found" : error.code;
  const message = isNowhere ? `This was not found. ${error.message}` : error.message;
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
