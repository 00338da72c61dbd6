// The environment variables that Edge Functions of a local stack get.
import type { Keys } from "local-supabase";

export type FunctionsAddresses = { apiUrl: string; dbUrl: string; workerDbUrl: string; simulatorUrl: string };

/** The platform's own names first, then ours; whatever `.env` sets replaces what is here. */
export function functionsEnvironment(
  keys: Keys,
  { apiUrl, dbUrl, workerDbUrl, simulatorUrl }: FunctionsAddresses,
  overrides: Record<string, string>,
): Record<string, string> {
  return {
    SUPABASE_URL: apiUrl,
    SUPABASE_DB_URL: dbUrl,
    SUPABASE_PUBLISHABLE_KEYS: JSON.stringify({ default: keys.publishableKey }),
    SUPABASE_SECRET_KEYS: JSON.stringify({ default: keys.secretKey }),
    SUPABASE_JWKS: JSON.stringify({ keys: [] }),
    JWT_SECRET: keys.jwtSecret,
    WORKER_DB_URL: workerDbUrl,
    WORKER_SECRET: keys.workerSecret,
    PUBLIC_FUNCTIONS_URL: `${apiUrl}/functions/v1`,
    TWILIO_API_URL: simulatorUrl,
    TWILIO_MESSAGING_URL: simulatorUrl,
    TWILIO_LOOKUPS_URL: simulatorUrl,
    ALLOWED_ORIGINS: "http://localhost:3000,http://127.0.0.1:3000",
    ...overrides,
  };
}
