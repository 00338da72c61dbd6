// A refusal of the control endpoints, answered as `{ error }`.
import type { z } from "zod";

export class ControlError extends Error {
  readonly status: number;
  /** @param status HTTP status of the answer */
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** Checks `value` against `schema`; throws ControlError 400 naming each wrong field. */
export function parseSpec<T extends z.ZodType>(schema: T, value: unknown): z.output<T> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map((issue) => `${issue.path.join(".") || "body"}: ${issue.message}`);
  throw new ControlError(400, problems.join("; "));
}
