// Clears what a killed run left in a database folder: a server that still runs, or its lock file.
import { execFileSync } from "node:child_process";
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import postgres from "postgres";

/** The connection every running stack holds open, so that its database is never taken for a leftover. */
export const OWNER_APPLICATION = "stack-owner";

/**
 * Stops a server that runs on this folder without a stack, and removes a lock file whose process is gone or is another
 * program by now. Throws when a running stack uses the folder.
 */
export async function stopLeftover(folder: string, superuserPassword: string): Promise<void> {
  const lockFile = join(folder, "postmaster.pid");
  const lines = (await readFile(lockFile, "utf8").catch(() => "")).split("\n");
  const pid = Number.parseInt(lines[0] ?? "", 10);
  const port = Number.parseInt(lines[3] ?? "", 10);
  if (!Number.isInteger(pid)) {
    await rm(lockFile, { force: true });
    return;
  }
  if (isAlive(pid)) {
    const server = Number.isInteger(port) ? await askServer(folder, port, superuserPassword) : "silent";
    if (server === "owned") {
      const owner = parentOf(pid);
      throw new Error(
        `A stack is already running on ${folder} (database on port ${port}). Stop it first: Ctrl-C where it runs` +
          (owner === undefined ? "." : `, or kill ${owner}.`),
      );
    }
    if (server === "orphan" || runsOn(pid, folder)) await stop(pid);
  }
  await rm(lockFile, { force: true });
}

async function askServer(
  folder: string,
  port: number,
  password: string,
): Promise<"owned" | "orphan" | "silent"> {
  const sql = postgres({
    host: "127.0.0.1",
    port,
    username: "supabase_admin",
    password,
    database: "postgres",
    max: 1,
    connect_timeout: 3,
    onnotice: () => {},
  });
  try {
    const [row] = await sql`
      select current_setting('data_directory') as folder,
        (select count(*)::int from pg_catalog.pg_stat_activity where application_name = ${OWNER_APPLICATION}) as owners`;
    if (row?.folder !== folder) return "silent";
    return row.owners > 0 ? "owned" : "orphan";
  } catch {
    return "silent";
  } finally {
    await sql.end({ timeout: 1 });
  }
}

/** For a server that does not answer (starting up, stuck): does the process list show our folder on its command line? */
const runsOn = (pid: number, folder: string): boolean => listed(pid, "args").includes(folder);

/** The process that started a server: the stack itself. Undefined if it is gone. */
function parentOf(pid: number): number | undefined {
  const parent = Number.parseInt(listed(pid, "ppid"), 10);
  return parent > 1 ? parent : undefined;
}

/** What the process list says of a process; empty if there is none. */
function listed(pid: number, column: "args" | "ppid"): string {
  try {
    return execFileSync("ps", ["-o", `${column}=`, "-p", String(pid)], {
      stdio: ["ignore", "pipe", "ignore"],
    }).toString();
  } catch {
    return "";
  }
}

async function stop(pid: number): Promise<void> {
  for (const signal of ["SIGINT", "SIGQUIT", "SIGKILL"] as const) {
    try {
      process.kill(pid, signal);
    } catch {
      return;
    }
    for (let i = 0; i < 100 && isAlive(pid); i++) await wait(100);
    if (!isAlive(pid)) return;
  }
  throw new Error(
    `The database server of a killed run (process ${pid}) cannot be stopped. End it, then start again.`,
  );
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
