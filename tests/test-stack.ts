// What test files know about the running stack.
import type { StackEnv } from "../scripts/stack/start-stack.ts";

export type TestStack = StackEnv & {
  /** The superuser's database URL: for arranging and judging, never as the code under test. */
  ADMIN_DB_URL: string;
  /**
   * `GET /log` answers the stack's log so far (text), `GET /pids` its process ids (JSON). `POST /functions/<name>/kill`
   * ends a function's processes by SIGKILL and answers their ids, `/restart` loads it anew.
   */
  CONTROL_URL: string;
  /** The environment the functions see. */
  FUNCTIONS_ENV: Record<string, string>;
  DATABASE_PID: number;
};
