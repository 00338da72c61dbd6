// A database server with nothing beside it: migrated and seeded, but no scheduler plans and no worker claims.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  bootstrapDatabase,
  findFreePortBase,
  migrate,
  readKeys,
  removeData,
  startDatabase,
} from "local-supabase";
import postgres from "postgres";
import { preparePlatform } from "./prepare-platform.ts";
import { PROJECT_DIR } from "./start-stack.ts";

export interface BareServer {
  /** The server as its superuser, without a database's name. */
  adminUrl: string;
  workerUrl: string;
  /** Migrated and seeded, to be copied. Nobody may be connected to it. */
  template: string;
  /** Process id of the server. */
  pid: number;
  /** Ends the server and deletes its files. */
  stop(): Promise<void>;
}

const TEMPLATE = "template_tower";

/** @param options.durable whether commits wait for the disk, as in production */
export async function startBareServer(options: {
  durable: boolean;
  log?: (line: string) => void;
}): Promise<BareServer> {
  const dataDir = await mkdtemp(join(tmpdir(), "sms-control-tower-bare-"));
  const keys = await readKeys(dataDir);
  const database = await startDatabase({
    ...{ dataDir, port: await findFreePortBase(), superuserPassword: keys.superuserPassword, ...options },
  });
  const stop = async () => {
    await database.stop();
    await removeData(dataDir);
    await rm(dataDir, { recursive: true, force: true });
  };
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
    await preparePlatform({
      ...{ adminUrl, workerPassword: keys.workerPassword },
      // No worker posts to Twilio from here.
      vault: { twilio_is_loopback: "true" },
    });
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    adminUrl: at(database.adminUrl, ""),
    workerUrl: at(database.urlFor("worker", keys.workerPassword), ""),
    ...{ template: TEMPLATE, pid: database.pid, stop },
  };
}
