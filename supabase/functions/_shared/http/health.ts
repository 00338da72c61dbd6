// Checks whether the area can work: it runs, and the database answers through REST and, if the area needs one, over a connection
// of its own.
import { z } from "zod";
import type { Environment } from "../environment/environment.ts";
import { AppError } from "./app-error.ts";
import { VERSION } from "./version.ts";

/** Connects to the database and makes one query. @returns the time it took, in ms. @throws the error, for the log */
export type ProbeConnection = (env: Environment) => Promise<number>;

const health = z.object({
  status: z.literal("ok"),
  version: z.string(),
  database: z.literal("reachable"),
  database_connection_ms: z
    .number()
    .optional()
    .describe("Areas with connections of their own: how long connecting and one answer took"),
  timestamp: z.iso.datetime(),
});
export type Health = z.infer<typeof health>;

/** What /health answers, for areas with and without connections of their own. */
export function healthSchema(hasConnection: boolean) {
  return hasConnection ? health.required() : health.omit({ database_connection_ms: true });
}

/** A database with a thousand calls at once is slow, not away: measured, a limit of 2 s refused a quarter of them. */
const TIMEOUT_MS = 10_000;
/**
 * How long the result of connecting is kept. Anybody may ask, and if a wrong password is tried often, the pooler refuses the
 * right one too.
 */
const CONNECTION_HOLDS_MS = 10_000;

/** @returns a function that reads the area's health. It throws AppError database_unavailable, with the reason as its cause */
export function createHealthCheck(probe?: ProbeConnection): (env: Environment) => Promise<Health> {
  // All who ask meanwhile share the answer, so that the database gets one call however many ask.
  const askRest = sharing(isDatabaseReachable, 0);
  const connect = probe && sharing(probe, CONNECTION_HOLDS_MS);
  return async (env) => {
    const [isReachable, ms] = await Promise.all([
      askRest(env),
      connect?.(env).catch((cause) => {
        throw unavailable("The function's own connection to the database fails: its log says why.", cause);
      }),
    ]);
    if (!isReachable) throw unavailable("The database can't be reached just now.");
    return {
      status: "ok",
      version: VERSION,
      database: "reachable",
      ...(ms !== undefined && { database_connection_ms: ms }),
      timestamp: new Date().toISOString(),
    };
  };
}

/** The same answer for all who ask while it is on its way, and for `holdsMs` milliseconds from when it was asked for. */
function sharing<T>(
  ask: (env: Environment) => Promise<T>,
  holdsMs: number,
): (env: Environment) => Promise<T> {
  let answer: Promise<T> | undefined;
  let isOnItsWay = false;
  let askedAt = 0;
  return (env) => {
    if (answer && (isOnItsWay || performance.now() - askedAt < holdsMs)) return answer;
    askedAt = performance.now();
    isOnItsWay = true;
    answer = ask(env).finally(() => {
      isOnItsWay = false;
    });
    return answer;
  };
}

function unavailable(message: string, cause?: unknown): AppError {
  return new AppError(
    "database_unavailable",
    message,
    { status: "degraded", version: VERSION, database: "unreachable" },
    { cause },
  );
}

/**
 * Asks as anon for a table that anon may not read. "Permission denied" (42501) comes from Postgres itself, so it proves as much
 * as rows would, and the open route needs no key with rights.
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
