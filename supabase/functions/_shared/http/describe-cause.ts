// Describes something thrown as text for the log: enough to find the cause, without anybody's data.

/** A stack for errors of the program; code and message for those of the database, whose details quote whole rows. */
export function describeCause(thrown: unknown): string {
  if (typeof thrown !== "object" || thrown === null) return String(thrown);
  const { code, message, stack } = thrown as { code?: unknown; message?: unknown; stack?: unknown };
  if (typeof code === "string" && code !== "") return `${code} ${message}`;
  return String(stack ?? message ?? "an object without a message");
}
