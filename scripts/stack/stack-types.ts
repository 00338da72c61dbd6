// The options and the result of starting a stack: the platform with this project's functions, and a Twilio simulator.
import type { Supabase, SupabaseEnv, SupabaseOptions } from "local-supabase";

export type { LogSource } from "local-supabase";

export type StackOptions = Pick<
  SupabaseOptions,
  "dataDir" | "portBase" | "durable" | "isolates" | "watch" | "log"
> & {
  /** Variables for the functions; they override .env and the stack's own. */
  env?: Record<string, string>;
  /** Read the project's .env; default true. False if the result must not depend on it. */
  envFile?: boolean;
  /** Seed of the Twilio simulator's choices; default 1. */
  seed?: number;
};

export type StackEnv = SupabaseEnv & {
  WORKER_DB_URL: string;
  TWILIO_SIMULATOR_URL: string;
  DEMO_EMAIL: string;
  DEMO_PASSWORD: string;
};

export type Stack = Omit<Supabase, "env" | "pids"> & {
  env: StackEnv;
  /** Process ids now: the database server's, the Twilio simulator's, and those of each function that has been called. */
  pids(): { database: number; simulator: number; functions: Record<string, number[]> };
};
