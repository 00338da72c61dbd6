// A database server alone: migrated and seeded, but with no scheduler, functions or gateway.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import postgres from "postgres";
import { migrate } from "../migrate.ts";
import { findFreePortBase } from "../ports.ts";
import { type Keys, readKeys } from "../read-keys.ts";
import { removeData } from "../remove-data.ts";
import { bootstrapDatabase } from "./bootstrap-database.ts";
import { type DatabaseSecrets, setSecrets } from "./set-secrets.ts";
import { type Database, startDatabase } from "./start-database.ts";

export interface BareServer {
  /** The server as its superuser, without a database's name. */
  adminUrl: string;
  /** The server for another login role, without a database's name. */
  urlFor(role: string, password: string): string;
  /** The migrated and seeded database, to be copied. No client may be connected to it. */
  template: string;
  /** Process id of the server. */
  pid: number;
  /** Ends the server and deletes its files. */
  stop(): Promise<void>;
}

export type BareServerOptions = DatabaseSecrets & {
  /** Folder that holds `supabase/`. */
  projectDir: string;
  /** Whether commits wait for the disk, as in production. */
  durable: boolean;
  log?: (line: string) => void;
};

const TEMPLATE = "template_migrated";

/** Starts the server on a free port, with its files in a temporary folder. Throws when a migration fails. */
export async function startBareServer(options: BareServerOptions): Promise<BareServer> {
  const dataDir = await mkdtemp(join(tmpdir(), "local-supabase-bare-"));
  const keys = await readKeys(dataDir);
  const database = await startDatabase({
    dataDir,
    port: await findFreePortBase(),
    superuserPassword: keys.superuserPassword,
    durable: options.durable,
    log: options.log,
  });
  const stop = async () => {
    await database.stop();
    await removeData(dataDir);
    await rm(dataDir, { recursive: true, force: true });
  };
  try {
    await makeTemplate(database, keys, join(dataDir, "cli"), options);
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    adminUrl: onDatabase(database.adminUrl, ""),
    urlFor: (role, password) => onDatabase(database.urlFor(role, password), ""),
    template: TEMPLATE,
    pid: database.pid,
    stop,
  };
}

async function makeTemplate(
  database: Database,
  keys: Keys,
  scratchDir: string,
  options: BareServerOptions,
): Promise<void> {
  const adminUrl = onDatabase(database.adminUrl, TEMPLATE);
  const server = postgres(database.adminUrl, { max: 1, onnotice: () => {} });
  await server.unsafe(`create database ${TEMPLATE}`);
  await bootstrapDatabase({
    adminUrl,
    postgresPassword: "postgres",
    authenticatorPassword: keys.authenticatorPassword,
  });
  // The bootstrap makes the database "postgres" look hosted; this database replaces it.
  await server.unsafe(`alter database ${TEMPLATE} owner to postgres`);
  await server.unsafe(`alter database ${TEMPLATE} set search_path to "$user", public, extensions`);
  await server.end();
  await migrate({
    projectDir: options.projectDir,
    scratchDir,
    databaseUrl: onDatabase(database.urlFor("postgres", "postgres"), TEMPLATE),
  });
  await setSecrets(adminUrl, options);
}

/** The URL with another database, or without one if the name is empty. */
function onDatabase(url: string, name: string): string {
  return url.replace(/\/postgres$/, name && `/${name}`);
}
