// Turns anything thrown into an AppError: our own unchanged, database errors by SQLSTATE, the rest hidden as internal_error.
import { AppError } from "./app-error.ts";
import { fromDatabaseError, isDatabaseError } from "./database-error.ts";

/** @returns the error to answer with; what was thrown stays its `cause`, for the log alone */
export function toAppError(thrown: unknown): AppError {
  if (thrown instanceof AppError) return thrown;
  if (isDatabaseError(thrown)) return fromDatabaseError(thrown);
  return new AppError("internal_error", "Something went wrong on our side.", null, { cause: thrown });
}
