// PostgREST's table of SQLSTATE → HTTP status for the codes lite does not know: it answers 500 "SUP" to a raised
// exception or a broken check, where PostgREST answers 400 with the code.

type DatabaseError = Error & { code?: unknown; detail?: string; hint?: string };

// Codes that lite answers correctly by itself.
const knownToLite = /^(42|22|21|23502|23503|23505|25006|55|PT|PGRST)/;

// The driver's codes for a database that it cannot reach or has lost.
const isConnectionError = /^(CONNECTION_|CONNECT_|ECONN|EPIPE|ENOENT|ETIMEDOUT)/;

// First match wins; everything else is 400. Source: PostgREST documentation, "Errors", section "HTTP Status Codes".
const statusByClass: [RegExp, number][] = [
  [/^08|^53|^57P01/, 503],
  [/^0L|^0P|^28/, 403],
  [/^P0001/, 400],
  [/^(09|25|2D|38|39|3B|40|54|57|58|F0|HV|P0|XX)/, 500],
];

/** A value that the driver cannot send as the type that is wanted, such as an object for a uuid: Postgres would refuse it. */
function isUnencodable(error: unknown): boolean {
  return error instanceof TypeError || error instanceof RangeError;
}

/**
 * Takes a database error. Returns it unchanged, or, for codes that lite does not know, an error in the form by which a SQL
 * function dictates its answer (`raise sqlstate 'PGRST'`: message and detail are JSON), with the original as its cause.
 */
export function completeDatabaseError(error: unknown): unknown {
  const { code, message, detail, hint } = (error ?? {}) as DatabaseError;
  if (isUnencodable(error)) {
    const body = {
      code: "22P02",
      message: "invalid input syntax for an argument",
      details: null,
      hint: null,
    };
    return dictate(body, 400, error);
  }
  if (typeof code !== "string") return error;
  // The driver ends a text at its NUL, and the server then misses the rest of the message.
  if (code === "08P01" && /insufficient data|invalid message format/.test(message)) {
    const text = 'invalid byte sequence for encoding "UTF8": 0x00';
    return dictate({ code: "22021", message: text, details: null, hint: null }, 400, error);
  }
  if (isConnectionError.test(code)) {
    const text = "Database connection error. Retrying the connection.";
    return dictate({ code: "PGRST001", message: text, details: null, hint: null }, 503, error);
  }
  if (!/^[0-9A-Z]{5}$/.test(code) || knownToLite.test(code)) return error;
  const status = statusByClass.find(([codes]) => codes.test(code))?.[1] ?? 400;
  return dictate({ code, message, details: detail ?? null, hint: hint ?? null }, status, error);
}

function dictate(body: object, status: number, cause: unknown): Error {
  const dictated = new Error(JSON.stringify(body), { cause });
  return Object.assign(dictated, { code: "PGRST", detail: JSON.stringify({ status, headers: {} }) });
}
