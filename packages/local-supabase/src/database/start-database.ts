// Starts the Postgres server of a stack and stops it again.
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { setTimeout as wait } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import postgres from "postgres";
import { asAccount, chooseAccount } from "./choose-account.ts";
import { chooseDatabaseFolder } from "./choose-database-folder.ts";
import { databaseUrl } from "./database-url.ts";
import { findServer } from "./find-server.ts";
import { initDatabase, isInitialized } from "./init-database.ts";
import { installExtensions } from "./install-extensions.ts";
import { serverSettings } from "./server-settings.ts";
import { OWNER_APPLICATION, stopLeftover } from "./stop-leftover.ts";

export type DatabaseOptions = {
  /** Folder of the stack; the server's files go below it. */
  dataDir: string;
  /** TCP port on 127.0.0.1. */
  port: number;
  /** Password of the superuser `supabase_admin`: set when the server is made, and needed at every later start. */
  superuserPassword: string;
  /** Whether a commit waits for the disk (default true); false for throw-away databases. */
  durable?: boolean;
  /** Receives the server's warnings and errors, one line each. */
  log?: (line: string) => void;
};

export type Database = {
  port: number;
  pid: number;
  /** The process that ends the server when this one dies. */
  watcherPid: number;
  /** The server's files. */
  folder: string;
  /** URL of database `postgres` as the superuser. */
  adminUrl: string;
  /** URL of database `postgres` for another login role. */
  urlFor(role: string, password: string): string;
  /** Resolves with the exit code when the server has ended, on purpose or not. */
  exited: Promise<number | null>;
  /** Disconnects everybody and ends the server. */
  stop(): Promise<void>;
};

/**
 * Starts the server. Makes its files first if there are none, and clears what a killed run left. The server ends by itself
 * when this process dies. Throws with the server's own words when it does not start.
 */
export async function startDatabase(options: DatabaseOptions): Promise<Database> {
  const { dataDir, port, superuserPassword, durable = true, log = () => {} } = options;
  const account = chooseAccount();
  const server = await findServer(account);
  await installExtensions(server.extensionFolder);
  const folder = await chooseDatabaseFolder(dataDir, account);
  if (await isInitialized(folder)) await stopLeftover(folder, superuserPassword);
  else await initDatabase(server, folder, account, superuserPassword);

  // A group of its own: Ctrl-C in a terminal must not reach the server before the stack has stopped its clients.
  const child = spawn(server.postgres, ["-D", folder, ...serverSettings(port, durable)], {
    cwd: "/",
    detached: true,
    stdio: ["ignore", "ignore", "pipe"],
    ...asAccount(account),
  });
  const recent: string[] = [];
  // Lines it logs while it starts or stops are left out: clients turned away, connections ended.
  let serving = false;
  createInterface({ input: child.stderr as NodeJS.ReadableStream }).on("line", (line) => {
    recent.push(line);
    if (recent.length > 20) recent.shift();
    if (serving && !/\sLOG: {2}/.test(line)) log(line.trim());
  });
  const exited = new Promise<number | null>((resolve) => {
    child.on("error", (error) => {
      recent.push(error.message);
      resolve(null);
    });
    child.on("close", (code) => resolve(code));
  });
  const pid = child.pid ?? 0;
  const watch = spawn(
    process.execPath,
    [fileURLToPath(new URL("./watch-parent.mjs", import.meta.url)), folder, `${pid}`],
    {
      cwd: "/",
      detached: true,
      stdio: ["pipe", "ignore", "ignore"],
    },
  );
  watch.unref();

  const urlFor = (role: string, password: string) => databaseUrl(port, role, password);
  const adminUrl = urlFor("supabase_admin", superuserPassword);
  let ended = false;
  void exited.then(() => {
    ended = true;
  });
  const owner = await connectOwner(adminUrl, () => ended);
  if (!owner) {
    watch.kill("SIGKILL");
    throw new Error(`The database server did not start on port ${port}:\n${recent.join("\n")}`);
  }

  serving = true;
  return {
    port,
    pid,
    watcherPid: watch.pid ?? 0,
    folder,
    adminUrl,
    urlFor,
    exited,
    async stop() {
      serving = false;
      await owner.end({ timeout: 1 }).catch(() => undefined);
      if (!ended) child.kill("SIGINT");
      await Promise.race([exited, wait(10_000, undefined, { ref: false })]);
      if (!ended) child.kill("SIGQUIT");
      await exited;
      watch.kill("SIGKILL");
    },
  };
}

/** Waits until the server answers, and keeps that connection as the mark of a running stack. */
async function connectOwner(url: string, hasEnded: () => boolean): Promise<postgres.Sql | undefined> {
  while (!hasEnded()) {
    const sql = postgres(url, {
      max: 1,
      connect_timeout: 60,
      onnotice: () => {},
      max_lifetime: null,
      connection: { application_name: OWNER_APPLICATION },
    });
    try {
      await sql`select 1`;
      return sql;
    } catch {
      await sql.end({ timeout: 1 });
      await wait(50);
    }
  }
  return undefined;
}
