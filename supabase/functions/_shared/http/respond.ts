// Writes every answer and every error in its wire format.
import type { AppError } from "./app-error.ts";
import type { Answer, ListResult } from "./responses.ts";

/** Writes what the use case returned in the envelope of its kind of answer. */
export function respond(answer: Answer, result: unknown): Response {
  switch (answer.kind) {
    case "empty":
      return new Response(null, { status: 204 });
    case "raw":
      // A copy, because no headers can be added to a Response that came from fetch.
      return new Response((result as Response).body, result as Response);
    case "list": {
      const { data, pagination } = result as ListResult<unknown>;
      return Response.json({ success: true, data, pagination });
    }
    case "object":
      return Response.json({ success: true, data: result }, { status: answer.status });
    case "verbatim":
      return Response.json(result, { status: answer.status });
  }
}

/** Writes an error. `detail` repeats the message at the top, where the existing dashboard looks for it. */
export function respondError(error: AppError, requestId: string): Response {
  const { code, message, details, status } = error;
  const headers = new Headers();
  const retryAfter = details?.retry_after;
  if (typeof retryAfter === "number") headers.set("retry-after", String(Math.max(1, Math.ceil(retryAfter))));
  if (status === 401) headers.set("www-authenticate", "Bearer");
  const body = { success: false, error: { code, message, details, request_id: requestId }, detail: message };
  return Response.json(body, { status, headers });
}
