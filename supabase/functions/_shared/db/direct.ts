// Direct connections to Postgres, for the workers and for Twilio's webhooks: one for each purpose in an isolate.
import postgres from "postgres";
import type { Environment } from "../environment/environment.ts";
import { databaseTls } from "./database-tls.ts";
import { renewConnection } from "./renew-connection.ts";
import { workerUrl } from "./worker-url.ts";

export type Direct = postgres.Sql;

/** Seconds until a server that does not answer is given up. */
export const CONNECT_SECONDS = 5;

const connections = new Map<string, { url: string; sql: Direct }>();

/**
 * @param applicationName shown in pg_stat_activity; the same name gets the same connection
 * @throws Error if WORKER_DB_URL or WORKER_DB_CA is wrong
 */
export function connectDirect(env: Environment, applicationName: string): Direct {
  const { href } = workerUrl(env);
  let connection = connections.get(applicationName);
  if (connection?.url !== href) {
    const options = directOptions(env, applicationName);
    const sql = renewConnection((onclose) => postgres(href, { ...options, onclose }));
    connection = { url: href, sql };
    connections.set(applicationName, connection);
  }
  return connection.sql;
}

/**
 * The options of every connection to WORKER_DB_URL. Named prepared statements do not survive the transaction pooler, hence
 * `prepare: false`. `max: 1` because there are many isolates and few connections (60 on the smallest hosted database).
 * @throws Error if WORKER_DB_URL or WORKER_DB_CA is wrong
 */
export function directOptions(env: Environment, applicationName: string) {
  return {
    prepare: false,
    max: 1,
    idle_timeout: 20,
    connect_timeout: CONNECT_SECONDS,
    ssl: databaseTls(env, workerUrl(env).hostname),
    onnotice: () => {},
    connection: { application_name: applicationName },
  };
}
