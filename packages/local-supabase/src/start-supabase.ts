// Starts the whole platform on this machine: database, REST, auth, storage, Realtime, functions and scheduler.
import { mkdir, rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import { getRequestListener } from "@hono/node-server";
import { bootstrapDatabase } from "./database/bootstrap-database.ts";
import { clearLeftovers } from "./database/clear-leftovers.ts";
import { databaseUrl } from "./database/database-url.ts";
import { setSecrets } from "./database/set-secrets.ts";
import { type Database, startDatabase } from "./database/start-database.ts";
import type { SupabaseEnv } from "./env-file.ts";
import { platformEnvironment } from "./functions/platform-environment.ts";
import { startFunctions } from "./functions/start-functions.ts";
import { startGateway } from "./gateway/start-gateway.ts";
import { migrate } from "./migrate.ts";
import { startPooler } from "./pooler/start-pooler.ts";
import { DEFAULT_PORT_BASE, PLATFORM_PORTS, portsFrom, requireFreePorts } from "./ports.ts";
import { type Keys, readKeys } from "./read-keys.ts";
import { attachRealtime } from "./realtime/attach-realtime.ts";
import { startScheduler } from "./scheduler/start-scheduler.ts";
import { createStopList, type StopList } from "./stop-list.ts";
import type { LogSource, Supabase, SupabaseOptions } from "./supabase-types.ts";

/**
 * Starts everything and returns when it can be used. After an error, the parts already started are stopped. Throws when a
 * port is taken, another platform uses the folder, or a migration fails.
 */
export async function startSupabase(options: SupabaseOptions): Promise<Supabase> {
  const { log = () => {} } = options;
  const stops = createStopList((line) => log("stack", line));
  try {
    return await startParts({ ...options, dataDir: resolve(options.dataDir), log }, stops);
  } catch (error) {
    await stops.stopAll();
    throw error;
  }
}

type Settings = SupabaseOptions & Required<Pick<SupabaseOptions, "log">>;

async function startParts(options: Settings, stops: StopList): Promise<Supabase> {
  const { dataDir } = options;
  const ports = portsFrom(options.portBase ?? DEFAULT_PORT_BASE, PLATFORM_PORTS);
  await mkdir(dataDir, { recursive: true });
  const keys = await readKeys(dataDir);
  await clearLeftovers(dataDir, keys.superuserPassword);
  await requireFreePorts({ ...ports, ...options.ownPorts });

  const { database, applied } = await startMigratedDatabase(options, ports.database, keys, stops);
  const { adminUrl } = database;
  await setSecrets(adminUrl, options);
  const pooler = await startPooler({ port: ports.pooler, databasePort: ports.database });
  stops.add(pooler.stop);
  await options.beforeServing?.();

  const apiUrl = `http://127.0.0.1:${ports.api}`;
  const dbUrl = postgresUrl(ports.database);
  const functionsEnv = { ...platformEnvironment(keys, apiUrl, dbUrl), ...options.functionsEnv };
  const functions = await startServing({ ...options, functionsEnv }, ports.api, database, keys, stops);

  const env: SupabaseEnv = {
    API_URL: apiUrl,
    DB_URL: dbUrl,
    POOLER_URL: postgresUrl(ports.pooler),
    FUNCTIONS_URL: `${apiUrl}/functions/v1`,
    PUBLISHABLE_KEY: keys.publishableKey,
    SECRET_KEY: keys.secretKey,
    JWT_SECRET: keys.jwtSecret,
  };
  return {
    env,
    keys,
    adminUrl,
    functionsEnv,
    applied,
    pids: () => ({ database: database.pid, functions: functions.pids() }),
    restartFunction: functions.restart,
    killFunction: functions.kill9,
    failed: database.exited.then((code) => `The database server ended by itself (exit code ${code}).`),
    stop: stops.stopAll,
  };
}

/** Its password is the Supabase CLI's local one. */
const postgresUrl = (port: number) => databaseUrl(port, "postgres", "postgres");

async function startMigratedDatabase(
  options: Settings,
  port: number,
  keys: Keys,
  stops: StopList,
): Promise<{ database: Database; applied: string[] }> {
  const { dataDir, projectDir, durable, resetCommand, log } = options;
  const { superuserPassword, authenticatorPassword } = keys;
  // The CLI reports the server's errors itself, and probes for tables that a new database has not.
  let migrating = false;
  const database = await startDatabase({
    dataDir,
    port,
    superuserPassword,
    durable,
    log: (line) => migrating || log("database", line),
  });
  stops.add(database.stop);
  const { adminUrl } = database;
  await bootstrapDatabase({ adminUrl, postgresPassword: "postgres", authenticatorPassword });
  const scratchDir = join(dataDir, "cli");
  migrating = true;
  const applied = await migrate({
    projectDir,
    databaseUrl: postgresUrl(port),
    scratchDir,
    resetCommand,
    log: (line) => log("stack", line),
  });
  migrating = false;
  await rm(scratchDir, { recursive: true, force: true });
  return { database, applied };
}

/** Starts what answers calls and runs jobs, the gateway last. */
async function startServing(
  options: Settings,
  port: number,
  database: Database,
  keys: Keys,
  stops: StopList,
) {
  const { projectDir, dataDir, functionsEnv = {}, isolates, watch, pages, log } = options;
  const { publishableKey, secretKey, jwtSecret, authenticatorPassword } = keys;
  const { adminUrl } = database;
  const logAs = (source: LogSource) => (line: string) => log(source, line);

  const realtime = await attachRealtime({
    adminUrl,
    publishableKey,
    secretKey,
    jwtSecret,
    log: logAs("realtime"),
  });
  stops.add(realtime.stop);
  const functions = await startFunctions({
    functionsDir: join(projectDir, "supabase", "functions"),
    env: functionsEnv,
    isolates,
    watch,
    log,
  });
  stops.add(functions.stop);
  const gateway = await startGateway({
    port,
    databaseUrl: database.urlFor("authenticator", authenticatorPassword),
    catalogUrl: adminUrl,
    keys: { publishable: publishableKey, secret: secretKey, jwtSecret },
    storageDir: join(dataDir, "storage"),
    log: logAs("gateway"),
    functionsHandler: functions.handle,
    realtimeUpgrade: realtime.handleUpgrade,
    realtimeHandler: getRequestListener(realtime.handleBroadcast, { overrideGlobalObjects: false }),
    pages,
  });
  stops.add(gateway.stop);
  const scheduler = await startScheduler({ adminUrl, log: logAs("scheduler") });
  stops.add(scheduler.stop);
  return functions;
}
