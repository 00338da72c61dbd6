// The closed list of error codes and the HTTP status each one has. Clients branch on these codes: never rename one.

/**
 * SQL raises these too. A function in the database calls
 *
 *   perform private.raise_error('PT404', 'not_found', 'There is no campaign with this id.', '{"id": "..."}');
 *
 * that is: SQLSTATE `PT` + HTTP status (PostgREST's own convention, so REST answers with the same status), hint = a code of
 * this list, message = a sentence for people, detail = JSON. A hint that is not in this list becomes the default code of its
 * status (STATUS_DEFAULT_CODE). A test checks the migrations against the list.
 */
export const ERROR_STATUS = {
  malformed_request: 400,
  malformed_json: 400,
  missing_token: 401,
  token_expired: 401,
  token_invalid: 401,
  api_keys_not_enabled: 401,
  worker_secret_invalid: 401,
  forbidden: 403,
  no_organization: 403,
  signature_invalid: 403,
  not_found: 404,
  method_not_allowed: 405,
  a2p_not_checked: 409,
  a2p_not_verified: 409,
  conflict: 409,
  conversation_claimed: 409,
  conversation_moved: 409,
  duplicate: 409,
  still_referenced: 409,
  invalid_state: 409,
  no_phone_numbers: 409,
  no_targets: 409,
  no_templates: 409,
  opted_out: 409,
  outside_hours: 409,
  spending_limit_reached: 409,
  storage_full: 409,
  twilio_not_configured: 409,
  warnings_not_acknowledged: 409,
  payload_too_large: 413,
  unsupported_media_type: 415,
  invalid_input: 422,
  page_too_large: 422,
  rate_limited: 429,
  internal_error: 500,
  auth_unavailable: 503,
  database_unavailable: 503,
  database_timeout: 503,
  try_again: 503,
} as const;

export type ErrorCode = keyof typeof ERROR_STATUS;

/** The code used if the database names a status but no code of the list. */
export const STATUS_DEFAULT_CODE: Readonly<Record<number, ErrorCode>> = {
  400: "malformed_request",
  401: "token_invalid",
  403: "forbidden",
  404: "not_found",
  409: "conflict",
  413: "payload_too_large",
  422: "invalid_input",
  429: "rate_limited",
  503: "try_again",
};

/** Whether a text is a code of the closed list. */
export function isErrorCode(word: unknown): word is ErrorCode {
  return typeof word === "string" && Object.hasOwn(ERROR_STATUS, word);
}
