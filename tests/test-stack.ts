// What test files know about the running stack.
import type { StackEnv } from "../scripts/stack/env-file.ts";

export type TestStack = StackEnv & {
  /** The superuser's database URL: for arranging and judging, never as the code under test. */
  ADMIN_DB_URL: string;
  /**
   * `GET /log` answers the stack's log so far (text); `POST /functions/<name>/restart` kills a function's process and
   * waits for the new one.
   */
  CONTROL_URL: string;
  /** The environment the functions see. */
  FUNCTIONS_ENV: Record<string, string>;
  DATABASE_PID: number;
};
