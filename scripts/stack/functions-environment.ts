// The environment variables that functions of a local stack get in addition to the platform's own.
import type { Keys } from "local-supabase";
import type { StackKeys } from "./stack-keys.ts";

export type FunctionsAddresses = { functionsUrl: string; workerDbUrl: string; simulatorUrl: string };

/** Variables in `.env` override these. */
export function functionsEnvironment(
  keys: Pick<Keys, "jwtSecret"> & Pick<StackKeys, "workerSecret">,
  { functionsUrl, workerDbUrl, simulatorUrl }: FunctionsAddresses,
  overrides: Record<string, string>,
): Record<string, string> {
  return {
    JWT_SECRET: keys.jwtSecret,
    WORKER_DB_URL: workerDbUrl,
    WORKER_SECRET: keys.workerSecret,
    PUBLIC_FUNCTIONS_URL: functionsUrl,
    TWILIO_API_URL: simulatorUrl,
    TWILIO_MESSAGING_URL: simulatorUrl,
    TWILIO_LOOKUPS_URL: simulatorUrl,
    ALLOWED_ORIGINS: "http://localhost:3000,http://127.0.0.1:3000",
    ...overrides,
  };
}
