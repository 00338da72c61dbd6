// Whether the area can work: it runs, and the database answers through REST.
import type { Environment } from "../env.ts";
import { VERSION } from "../version.ts";
import { AppError } from "./app-error.ts";

export interface Health {
  status: "ok";
  version: string;
  database: "reachable";
  timestamp: string;
}

/** Tells more than it asks: what it needs of the database is only an answer, so nobody's role is used. */
const TIMEOUT_MS = 2000;

/** @throws AppError database_unavailable */
export async function readHealth(env: Environment): Promise<Health> {
  if (!(await isDatabaseReachable(env))) {
    throw new AppError("database_unavailable", "The database can't be reached just now.", {
      status: "degraded",
      version: VERSION,
      database: "unreachable",
    });
  }
  return { status: "ok", version: VERSION, database: "reachable", timestamp: new Date().toISOString() };
}

/**
 * Asks as anon for a table that anon may not read. "Permission denied" (42501) comes from Postgres itself, so it proves as
 * much as rows would, and no key with rights is behind an open route.
 */
async function isDatabaseReachable(env: Environment): Promise<boolean> {
  try {
    const response = await fetch(`${env.supabaseUrl}/rest/v1/users?select=id&limit=1`, {
      headers: { apikey: env.publishableKey },
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    const body: unknown = await response.json();
    return response.ok || (body as { code?: unknown } | null)?.code === "42501";
  } catch {
    return false;
  }
}
