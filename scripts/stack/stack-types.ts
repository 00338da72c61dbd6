// What a stack is started with, and what it gives back.
import type { Keys, StackEnv } from "local-supabase";

/** The part of the stack a log line comes from: stack, database, gateway, realtime, scheduler, twilio, or a function. */
export type LogSource = string;

export type StackOptions = {
  /** API on this port, database on the next, Twilio simulator on the eighth after. Default 54321. */
  portBase?: number;
  /** Folder for data, keys and the env file. */
  dataDir: string;
  /** Start with an empty database and new keys. */
  fresh?: boolean;
  /** Whether commits wait for the disk; default true. False for stacks that are thrown away. */
  durable?: boolean;
  /** Variables for the functions; they win over .env and over the stack's own. */
  env?: Record<string, string>;
  /** Read the project's .env; default true. False where the outcome may not depend on it. */
  envFile?: boolean;
  /** Processes per function that share its calls; 1 where not named. */
  isolates?: Record<string, number>;
  /** Seed of the Twilio simulator's choices; default 1. */
  seed?: number;
  /** Load functions anew when their files change; default true. */
  watch?: boolean;
  /** Log nothing. */
  quiet?: boolean;
  log?: (source: LogSource, line: string) => void;
};

export type Stack = {
  env: StackEnv;
  keys: Keys;
  /** URL of the database as the superuser `supabase_admin`; for tests and the stack itself, never for functions. */
  adminUrl: string;
  /** What the functions see as their environment. */
  functionsEnv: Record<string, string>;
  /** Process ids now: the database server's, the Twilio simulator's, and those of each function that has been called. */
  pids(): { database: number; simulator: number; functions: Record<string, number[]> };
  /** Loads a function anew, letting calls in progress finish. Throws when there is no such function. */
  restartFunction(name: string): Promise<void>;
  /** Ends a function's processes as a crash would (SIGKILL) and returns their ids; the next call starts a new one. */
  killFunction(name: string): Promise<number[]>;
  /** Versions and seeds that were applied at this start. */
  applied: string[];
  /** Resolves when the database server has ended by itself. */
  failed: Promise<string>;
  stop(): Promise<void>;
};
