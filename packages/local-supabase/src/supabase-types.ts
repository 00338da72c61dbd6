// What a platform is started with, and what it gives back.
import type { DatabaseSecrets } from "./database/set-secrets.ts";
import type { SupabaseEnv } from "./env-file.ts";
import type { Page } from "./gateway/serve-page.ts";
import type { Keys } from "./read-keys.ts";

/** The part of the platform a log line comes from: stack, database, gateway, realtime, scheduler, or a function by name. */
export type LogSource = string;

export type SupabaseOptions = DatabaseSecrets & {
  /** Folder that holds `supabase/`, deno.json and node_modules. */
  projectDir: string;
  /** Folder for data and keys. */
  dataDir: string;
  /** API on this port, database on the next, transaction pooler on the one after that. Default 54321. */
  portBase?: number;
  /** Ports that the project itself will listen on, by use: they are checked together with the platform's. */
  ownPorts?: Record<string, number>;
  /** Whether commits wait for the disk; default true. False for platforms that are thrown away. */
  durable?: boolean;
  /** Variables for the functions, in addition to the platform's; they override those. */
  functionsEnv?: Record<string, string>;
  /** Processes per function that share its calls; 1 for functions not named. */
  isolates?: Record<string, number>;
  /** Files of the project by the path that they are served at, such as a page that shows its API. */
  pages?: Record<string, Page>;
  /** Reload functions when their files change; default true. */
  watch?: boolean;
  /** The command that deletes the data, for errors that ask the user to run it. */
  resetCommand?: string;
  /** Runs after migrations and before anything can be called; start here what functions need besides the platform. */
  beforeServing?: () => Promise<void>;
  /** Default: nothing is logged. */
  log?: (source: LogSource, line: string) => void;
};

export type Supabase = {
  env: SupabaseEnv;
  keys: Keys;
  /** URL of the database as the superuser `supabase_admin`; for tests and the project's own tools, never for functions. */
  adminUrl: string;
  /** What the functions see as their environment. */
  functionsEnv: Record<string, string>;
  /** Process ids now: the database server's, and those of each function that has been called. */
  pids(): { database: number; functions: Record<string, number[]> };
  /** Reloads a function, letting calls in progress finish. Throws if there is no such function. */
  restartFunction(name: string): Promise<void>;
  /** Ends a function's processes as a crash would (SIGKILL) and returns their ids; the next call starts a new one. */
  killFunction(name: string): Promise<number[]>;
  /** Migration versions and seeds that were applied at this start. */
  applied: string[];
  /** Resolves when the database server has ended by itself. */
  failed: Promise<string>;
  stop(): Promise<void>;
};
