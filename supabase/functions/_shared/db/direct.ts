// Direct connections to Postgres, for the worker and for Twilio's callbacks: one for each purpose of an isolate.
import postgres from "postgres";
import type { Environment } from "../environment/environment.ts";
import { databaseTls } from "./database-tls.ts";
import { renewConnection } from "./renew-connection.ts";

export type Direct = postgres.Sql;

const connections = new Map<string, { url: string; sql: Direct }>();

/**
 * WORKER_DB_URL (login role `worker`, behind the transaction pooler), else SUPABASE_DB_URL. Named prepared statements do
 * not survive that pooler, hence `prepare: false`. `max: 1` because isolates are many and connections are few (60 on
 * the smallest hosted database).
 * @param applicationName shown in pg_stat_activity; the same one is the same connection
 */
export function connectDirect(env: Environment, applicationName: string): Direct {
  const url = env.get("WORKER_DB_URL") ?? env.require("SUPABASE_DB_URL");
  let connection = connections.get(applicationName);
  if (connection?.url !== url) {
    const ssl = databaseTls(env, new URL(url).hostname);
    const sql = renewConnection((onclose) =>
      postgres(url, {
        prepare: false,
        max: 1,
        idle_timeout: 20,
        connect_timeout: 5,
        ssl,
        onclose,
        onnotice: () => {},
        connection: { application_name: applicationName },
      }),
    );
    connection = { url, sql };
    connections.set(applicationName, connection);
  }
  return connection.sql;
}
