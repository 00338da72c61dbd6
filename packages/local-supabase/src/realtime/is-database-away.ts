/** Distinguishes a database that cannot be reached at the moment from one that refuses. */

/**
 * Takes an error of a query; returns whether trying again later may help: no connection, too many of them, shutting down
 * or starting (SQLSTATE classes 08, 53 and 57, or an error that is not the server's).
 */
export function isDatabaseAway(error: unknown): boolean {
  const { code } = error as { code?: unknown };
  const isSqlState = typeof code === "string" && /^[0-9A-Z]{5}$/.test(code);
  return !isSqlState || /^(08|53|57)/.test(code);
}
