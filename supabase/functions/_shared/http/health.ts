// Whether the area can work: it runs, and the database answers through REST.
import type { Environment } from "../environment/environment.ts";
import { AppError } from "./app-error.ts";
import { VERSION } from "./version.ts";

export interface Health {
  status: "ok";
  version: string;
  database: "reachable";
  timestamp: string;
}

/** A database that answers behind a thousand other calls is slow, not away: measured, 2 s refused a quarter of a thousand at once. */
const TIMEOUT_MS = 10_000;

/** Under way: whoever asks meanwhile shares its answer, so that asking costs the database one call however many ask. */
let probing: Promise<boolean> | undefined;

/** @throws AppError database_unavailable */
export async function readHealth(env: Environment): Promise<Health> {
  probing ??= isDatabaseReachable(env).finally(() => {
    probing = undefined;
  });
  if (!(await probing)) {
    throw new AppError("database_unavailable", "The database can't be reached just now.", {
      status: "degraded",
      version: VERSION,
      database: "unreachable",
    });
  }
  return { status: "ok", version: VERSION, database: "reachable", timestamp: new Date().toISOString() };
}

/**
 * Tells more than it asks: what it needs of the database is only an answer, so nobody's role is used.
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
