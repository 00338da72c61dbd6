// Starts a database server for a test run with nothing beside it: no scheduler plans, no worker claims (vitest globalSetup).
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import postgres from "postgres";
import type { TestProject } from "vitest/node";
import { bootstrapDatabase } from "../scripts/stack/database/bootstrap-database.ts";
import { startDatabase } from "../scripts/stack/database/start-database.ts";
import { migrate } from "../scripts/stack/migrate.ts";
import { findFreePortBase } from "../scripts/stack/ports.ts";
import { preparePlatform } from "../scripts/stack/prepare-platform.ts";
import { readKeys } from "../scripts/stack/read-keys.ts";
import { removeData } from "../scripts/stack/remove-data.ts";
import { PROJECT_DIR } from "../scripts/stack/start-stack.ts";

export interface BareServer {
  /** The server as its superuser, without a database's name. */
  adminUrl: string;
  workerUrl: string;
  /** Migrated and seeded; each test file takes a copy. Nobody may be connected to it. */
  template: string;
}

declare module "vitest" {
  interface ProvidedContext {
    /** In test files: `startBareDatabase()`, never this itself. */
    bareServer: BareServer;
  }
}

const TEMPLATE = "template_tower";

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const dataDir = await mkdtemp(join(tmpdir(), "sms-control-tower-bare-"));
  const keys = await readKeys(dataDir);
  const database = await startDatabase({
    ...{ dataDir, port: await findFreePortBase(), superuserPassword: keys.superuserPassword, durable: false },
    log: (line) => process.env.STACK_LOG && console.log(line),
  });
  const at = (url: string, name: string) => url.replace(/\/postgres$/, name && `/${name}`);
  try {
    const adminUrl = at(database.adminUrl, TEMPLATE);
    const server = postgres(database.adminUrl, { max: 1, onnotice: () => {} });
    await server.unsafe(`create database ${TEMPLATE}`);
    await bootstrapDatabase({
      ...{ adminUrl, postgresPassword: "postgres", authenticatorPassword: keys.authenticatorPassword },
    });
    // The bootstrap makes the database "postgres" look hosted; this one takes its place.
    await server.unsafe(`alter database ${TEMPLATE} owner to postgres`);
    await server.unsafe(`alter database ${TEMPLATE} set search_path to "$user", public, extensions`);
    await server.end();
    await migrate({
      ...{ projectDir: PROJECT_DIR, scratchDir: join(dataDir, "cli") },
      databaseUrl: at(database.urlFor("postgres", "postgres"), TEMPLATE),
    });
    await preparePlatform({ adminUrl, workerPassword: keys.workerPassword, vault: {} });
  } catch (error) {
    await database.stop();
    throw error;
  }
  project.provide("bareServer", {
    adminUrl: at(database.adminUrl, ""),
    workerUrl: at(database.urlFor("worker", keys.workerPassword), ""),
    template: TEMPLATE,
  });
  return async () => {
    await database.stop();
    await removeData(dataDir);
    await rm(dataDir, { recursive: true, force: true });
  };
}
