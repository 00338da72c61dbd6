// Starts the whole platform on this machine: database, REST, auth, storage, Realtime, functions, scheduler, Twilio simulator.
import { mkdir, rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { getRequestListener } from "@hono/node-server";
import {
  attachRealtime,
  bootstrapDatabase,
  clearLeftovers,
  DEFAULT_PORT_BASE,
  migrate,
  portsFrom,
  readEnvFile,
  readKeys,
  removeData,
  requireFreePorts,
  type StackEnv,
  startDatabase,
  startFunctions,
  startGateway,
  startScheduler,
  writeEnvFile,
} from "local-supabase";
import { startSimulatorProcess } from "twilio-simulator";
import { isLoopbackUrl } from "../../supabase/functions/_shared/twilio/is-loopback-url.ts";
import { createDemoUser, DEMO_EMAIL } from "./create-demo-user.ts";
import { equipDemoOrganisation } from "./equip-demo-organisation.ts";
import { functionsEnvironment } from "./functions-environment.ts";
import { preparePlatform } from "./prepare-platform.ts";
import { registerSimulatedAccounts } from "./register-simulated-accounts.ts";
import type { LogSource, Stack, StackOptions } from "./stack-types.ts";

export type { LogSource, Stack, StackOptions } from "./stack-types.ts";

/** Folder that holds package.json and supabase/. */
export const PROJECT_DIR = fileURLToPath(new URL("../..", import.meta.url));

/**
 * Starts everything and returns when it can be used. What was started before an error is stopped again. Throws when a
 * port is taken, another stack uses the folder, or a migration fails.
 */
export async function startStack(options: StackOptions): Promise<Stack> {
  const dataDir = resolve(options.dataDir);
  const log = options.quiet ? () => {} : (options.log ?? (() => {}));
  const logAs = (source: LogSource) => (line: string) => log(source, line);
  const ports = portsFrom(options.portBase ?? DEFAULT_PORT_BASE);
  // The CLI reports the server's errors itself, and probes for tables that a new database has not.
  let migrating = false;
  const stops: (() => Promise<unknown>)[] = [];
  const stop = async () => {
    for (const stopPart of stops.splice(0).reverse()) {
      await stopPart().catch((error: Error) => log("stack", `while stopping: ${error.message}`));
    }
  };

  try {
    await mkdir(dataDir, { recursive: true });
    if (options.fresh) await removeData(dataDir);
    const keys = await readKeys(dataDir);
    await clearLeftovers(dataDir, keys.superuserPassword);
    await requireFreePorts(ports);
    const database = await startDatabase({
      ...{ dataDir, port: ports.database, superuserPassword: keys.superuserPassword },
      ...{ durable: options.durable, log: (line) => migrating || log("database", line) },
    });
    stops.push(() => database.stop());
    const { adminUrl } = database;
    await bootstrapDatabase({
      ...{ adminUrl, postgresPassword: "postgres", authenticatorPassword: keys.authenticatorPassword },
    });

    const dbUrl = database.urlFor("postgres", "postgres");
    migrating = true;
    const scratchDir = join(dataDir, "cli");
    const applied = await migrate({
      projectDir: PROJECT_DIR,
      databaseUrl: dbUrl,
      scratchDir,
      log: logAs("stack"),
    });
    migrating = false;
    await rm(scratchDir, { recursive: true, force: true });

    const apiUrl = `http://127.0.0.1:${ports.api}`;
    const simulatorUrl = `http://127.0.0.1:${ports.simulator}`;
    const workerDbUrl = database.urlFor("worker", keys.workerPassword);
    const functionsUrl = `${apiUrl}/functions/v1`;
    const functionsEnv = functionsEnvironment(
      keys,
      { apiUrl, dbUrl, workerDbUrl, simulatorUrl },
      { ...(options.envFile === false ? {} : await readEnvFile(join(PROJECT_DIR, ".env"))), ...options.env },
    );
    await preparePlatform({
      ...{ adminUrl, workerPassword: keys.workerPassword },
      vault: {
        functions_url: functionsUrl,
        worker_secret: keys.workerSecret,
        // Campaigns may send at any hour only while this is true: nobody is behind a simulator's phones.
        twilio_is_loopback: String(isLoopbackUrl(functionsEnv.TWILIO_API_URL)),
      },
    });

    const apiKeys = {
      publishableKey: keys.publishableKey,
      secretKey: keys.secretKey,
      jwtSecret: keys.jwtSecret,
    };
    const realtime = await attachRealtime({ adminUrl, ...apiKeys, log: logAs("realtime") });
    stops.push(() => realtime.stop());
    const simulator = await startSimulatorProcess({
      port: ports.simulator,
      seed: options.seed,
      log: logAs("twilio"),
    });
    stops.push(() => simulator.stop());
    const functions = await startFunctions({
      functionsDir: join(PROJECT_DIR, "supabase", "functions"),
      ...{ env: functionsEnv, isolates: options.isolates, watch: options.watch, log },
    });
    stops.push(() => functions.stop());
    const gateway = await startGateway({
      port: ports.api,
      databaseUrl: database.urlFor("authenticator", keys.authenticatorPassword),
      catalogUrl: adminUrl,
      keys: { publishable: keys.publishableKey, secret: keys.secretKey, jwtSecret: keys.jwtSecret },
      storageDir: join(dataDir, "storage"),
      log: logAs("gateway"),
      functionsHandler: functions.handle,
      realtimeUpgrade: (request, socket, head) => realtime.handleUpgrade(request, socket, head),
      realtimeHandler: getRequestListener((request) => realtime.handleBroadcast(request), {
        overrideGlobalObjects: false,
      }),
    });
    stops.push(() => gateway.stop());
    const scheduler = await startScheduler({ adminUrl, log: logAs("scheduler") });
    stops.push(() => scheduler.stop());
    await createDemoUser(apiUrl, keys.publishableKey, keys.demoPassword);
    if (functionsEnv.TWILIO_API_URL === simulatorUrl) {
      await equipDemoOrganisation(dbUrl);
      await registerSimulatedAccounts(simulator.control, adminUrl, functionsUrl);
    } else {
      log("stack", `functions use ${functionsEnv.TWILIO_API_URL} as Twilio (.env), not the simulator`);
    }

    const env: StackEnv = {
      ...{ API_URL: apiUrl, DB_URL: dbUrl, FUNCTIONS_URL: functionsUrl },
      ...{ PUBLISHABLE_KEY: keys.publishableKey, SECRET_KEY: keys.secretKey, JWT_SECRET: keys.jwtSecret },
      ...{ WORKER_DB_URL: workerDbUrl, TWILIO_SIMULATOR_URL: simulatorUrl },
      ...{ DEMO_EMAIL, DEMO_PASSWORD: keys.demoPassword },
    };
    await writeEnvFile(dataDir, env);
    const failed = database.exited.then((code) => `The database server ended by itself (exit code ${code}).`);
    return {
      ...{ env, keys, adminUrl, functionsEnv, applied, failed, stop },
      pids: () => ({ database: database.pid, simulator: simulator.pid, functions: functions.pids() }),
      restartFunction: functions.restart,
      killFunction: functions.kill9,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}
