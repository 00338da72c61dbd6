// The only place that turns an error of Postgres or PostgREST into an answer: SQLSTATE in, AppError out.
import { AppError, type ErrorDetails, validationError } from "./app-error.ts";
import { ERROR_STATUS, type ErrorCode, isErrorCode, STATUS_DEFAULT_CODE } from "./error-codes.ts";

/** An error as supabase-js ({code, message, details, hint}) and postgres.js ({code, message, detail, hint}) give it. */
export interface DatabaseErrorLike {
  code: string;
  message: string;
  details?: unknown;
  detail?: unknown;
  hint?: unknown;
}

/** Whether something thrown is an error of the database or of PostgREST, and not a programming error of ours. */
export function isDatabaseError(thrown: unknown): thrown is DatabaseErrorLike {
  if (typeof thrown !== "object" || thrown === null) return false;
  const { code, message } = thrown as Record<string, unknown>;
  if (typeof code !== "string" || typeof message !== "string") return false;
  return "details" in thrown || /^[0-9A-Z]{5}$/.test(code) || CONNECTION_CODES.has(code);
}

/** The codes by which postgres.js and Node name a lost or refused connection. */
const CONNECTION_CODES = new Set([
  "CONNECT_TIMEOUT",
  "CONNECTION_CLOSED",
  "CONNECTION_DESTROYED",
  "CONNECTION_ENDED",
  "ECONNREFUSED",
  "ECONNRESET",
  "ENOTFOUND",
  "ETIMEDOUT",
]);

/** Values that Postgres could not read or hold: the caller's mistake, whatever the column. */
const INVALID_VALUE = new Set([
  "22001",
  "22003",
  "22007",
  "22008",
  "22021",
  "22023",
  "22P02",
  "22P03",
  "22P05",
]);

/** Turns a database error into the answer that fits it. The message holds only what the caller may know. */
export function fromDatabaseError(error: DatabaseErrorLike): AppError {
  const { code, message } = error;
  const detail = typeof error.details === "string" ? error.details : error.detail;
  const answer = (word: ErrorCode, sentence: string, details: ErrorDetails | null = null) =>
    new AppError(word, sentence, details, { cause: error });

  const raised = /^PT(4\d\d|503)$/.exec(code);
  if (raised) return fromRaised(error, Number(raised[1]), detail);
  if (code === "23505") {
    return answer("duplicate", `There is already a record with the same ${columnsOf(detail)}.`, {
      columns: keys(detail),
    });
  }
  if (code === "23503") {
    return String(detail).includes("still referenced")
      ? answer("still_referenced", "This record is still used by others: remove those first.")
      : invalid(columnsOf(detail), "refers to a record that does not exist.");
  }
  if (code === "23502") return invalid(quoted(message, "column") ?? "body", "is required.");
  if (code === "23514")
    return invalid("body", `breaks the rule ${quoted(message, "check constraint") ?? "of its table"}.`);
  if (INVALID_VALUE.has(code)) return invalid("body", "holds a value of the wrong form for its field.");
  if (code === "42501") return answer("forbidden", "Your role does not allow this.");
  if (code === "PGRST116") return answer("not_found", "There is no such record.");
  if (code === "PGRST103") return invalid("page", "is beyond the end of the list.");
  if (code === "PGRST303")
    return answer("token_expired", "The session's token has expired: refresh it and retry.");
  if (code === "PGRST301" || code === "PGRST302")
    return answer("token_invalid", "The token was not accepted.");
  if (code === "57014")
    return answer("database_timeout", "The database took too long: narrow the request and retry.");
  if (code === "40001" || code === "40P01" || code === "55P03") {
    return answer("try_again", "Another change got in the way: retry.", { retry_after: 1 });
  }
  if (/^(08|53|57P)/.test(code) || /^PGRST00\d$/.test(code) || CONNECTION_CODES.has(code) || code === "") {
    return answer("database_unavailable", "The database can't be reached just now: retry.", {
      retry_after: 2,
    });
  }
  return answer("internal_error", "Something went wrong on our side.");

  function invalid(field: string, sentence: string): AppError {
    const made = validationError([{ field, message: `${field} ${sentence}` }]);
    return new AppError(made.code, made.message, made.details, { cause: error });
  }
}

/** An error that our own SQL raised on purpose: the status is in the SQLSTATE, the code in the hint, JSON in the detail. */
function fromRaised(error: DatabaseErrorLike, status: number, detail: unknown): AppError {
  const fallback = STATUS_DEFAULT_CODE[status] ?? "internal_error";
  const word = isErrorCode(error.hint) && ERROR_STATUS[error.hint] === status ? error.hint : fallback;
  return new AppError(word, error.message, parseDetails(detail), { cause: error });
}

function parseDetails(detail: unknown): ErrorDetails | null {
  if (typeof detail !== "string") return null;
  try {
    const parsed: unknown = JSON.parse(detail);
    const isObject = typeof parsed === "object" && parsed !== null && !Array.isArray(parsed);
    return isObject && Object.keys(parsed).length > 0 ? (parsed as ErrorDetails) : null;
  } catch {
    return null;
  }
}

/** Column names of `Key (a, b)=(1, 2) ...`. Never the values: they may be phone numbers. org_id is of no use to a caller. */
function keys(detail: unknown): string[] {
  const list = /^Key \((.+?)\)=/.exec(String(detail ?? ""))?.[1] ?? "";
  const names = list.split(",").map((part) => part.replace(/^.*\(|\)[\s\S]*|"|::\w+/g, "").trim());
  return names.filter((name) => name !== "" && name !== "org_id");
}

function columnsOf(detail: unknown): string {
  return keys(detail).join(" and ") || "key";
}

function quoted(message: string, after: string): string | undefined {
  return new RegExp(`${after} "([^"]+)"`).exec(message)?.[1];
}
