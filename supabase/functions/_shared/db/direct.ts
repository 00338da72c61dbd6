// Direct connections to Postgres, for the workers and for Twilio's callbacks: one for each purpose of an isolate.
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
 * @param applicationName shown in pg_stat_activity; the same one is the same connection
 * @throws Error if WORKER_DB_URL or WORKER_DB_CA is not as it must be
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
 * How every connection to WORKER_DB_URL is made. Named prepared statements do not survive the transaction pooler, hence
 * `prepare: false`. `max: 1` because isolates are many and connections are few (60 on the smallest hosted database).
 * @throws Error if WORKER_DB_URL or WORKER_DB_CA is not as it must be
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
