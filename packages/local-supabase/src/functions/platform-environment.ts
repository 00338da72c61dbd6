// The environment variables that the platform itself gives to every function, named as when hosted.
import type { Keys } from "../read-keys.ts";

/** @param dbUrl URL of the role `postgres` */
export function platformEnvironment(keys: Keys, apiUrl: string, dbUrl: string): Record<string, string> {
  return {
    SUPABASE_URL: apiUrl,
    SUPABASE_DB_URL: dbUrl,
    SUPABASE_PUBLISHABLE_KEYS: JSON.stringify({ default: keys.publishableKey }),
    SUPABASE_SECRET_KEYS: JSON.stringify({ default: keys.secretKey }),
    SUPABASE_JWKS: JSON.stringify({ keys: [] }),
  };
}
