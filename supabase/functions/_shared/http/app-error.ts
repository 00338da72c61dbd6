// The one error that use cases throw on purpose: a stable code, a sentence for people and optional details.
import { ERROR_STATUS, type ErrorCode } from "./error-codes.ts";

export type ErrorDetails = Record<string, unknown>;

/**
 * @param code a word of the closed list; it decides the HTTP status
 * @param message a sentence for people that names the field and the remedy; it is sent unchanged
 * @param details JSON for programs. `retry_after` (seconds) also becomes the Retry-After header
 * @param options `cause` is logged and never sent
 */
export class AppError extends Error {
  override readonly name = "AppError";
  readonly status: (typeof ERROR_STATUS)[ErrorCode];

  constructor(
    readonly code: ErrorCode,
    message: string,
    readonly details: ErrorDetails | null = null,
    options?: { cause?: unknown },
  ) {
    super(message, options);
    this.status = ERROR_STATUS[code];
  }
}

/** One wrong field of a request. */
export interface FieldError {
  field: string;
  message: string;
}

/** A 422 whose message is that of the first wrong field; details.errors has every wrong field. */
export function validationError(errors: FieldError[]): AppError {
  const [first] = errors;
  const more = errors.length > 1 ? ` (${errors.length - 1} more in details.errors)` : "";
  return new AppError("invalid_input", `${first?.message ?? "The request is invalid."}${more}`, {
    errors,
  });
}
