// After any kill, the next start works and the data is there.
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import postgres from "postgres";
import { afterAll, beforeAll, expect, test } from "vitest";
import { chooseAccount } from "../src/database/choose-account.ts";
import { chooseDatabaseFolder } from "../src/database/choose-database-folder.ts";
import { startDatabase } from "../src/database/start-database.ts";
import { findFreePortBase } from "../src/ports.ts";
import { type Keys, readKeys } from "../src/read-keys.ts";
import { removeData } from "../src/remove-data.ts";
import { waitFor } from "../src/testing/wait-for.ts";
import { copyProject } from "./copy-project.ts";

let projectDir: string;
let dataDir: string;
let base: number;
let keys: Keys;
const children: ChildProcess[] = [];
const PACKAGE_DIR = fileURLToPath(new URL("..", import.meta.url));

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), "local-supabase-killed-"));
  projectDir = await copyProject();
  base = await findFreePortBase();
  keys = await readKeys(dataDir);
});
afterAll(async () => {
  for (const child of children) child.kill("SIGKILL");
  await removeData(dataDir);
  for (const folder of [dataDir, projectDir]) await rm(folder, { recursive: true, force: true });
});

/** `local-supabase start` on this test's ports and folder; resolves when it says that it runs. */
async function start(): Promise<ChildProcess> {
  const file = fileURLToPath(new URL("../src/main.ts", import.meta.url));
  const child = spawn(
    process.execPath,
    [
      "--import",
      "tsx",
      file,
      "start",
      "--project",
      projectDir,
      "--port-base",
      `${base}`,
      "--data-dir",
      dataDir,
    ],
    { cwd: PACKAGE_DIR, stdio: ["ignore", "pipe", "pipe"] },
  );
  children.push(child);
  let output = "";
  child.stdout?.on("data", (chunk) => {
    output += chunk;
  });
  child.stderr?.on("data", (chunk) => {
    output += chunk;
  });
  await waitFor(() => {
    if (child.exitCode !== null) throw new Error(`the platform did not start:\n${output}`);
    return /The platform runs/.test(output);
  });
  return child;
}

async function withSql<T>(use: (sql: postgres.Sql) => Promise<T>): Promise<T> {
  const sql = postgres(`postgresql://postgres:postgres@127.0.0.1:${base + 1}/postgres`, {
    max: 1,
    onnotice: () => {},
  });
  try {
    return await use(sql);
  } finally {
    await sql.end({ timeout: 1 });
  }
}

const serverPid = async () => {
  const folder = await chooseDatabaseFolder(dataDir, chooseAccount());
  return Number.parseInt(await readFile(join(folder, "postmaster.pid"), "utf8"), 10);
};
const isAlive = (pid: number) => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};
const ended = (child: ChildProcess) => waitFor(() => child.exitCode !== null || child.signalCode !== null);

test("after kill -9 of the platform the server ends too, and the next start has the data", async () => {
  const first = await start();
  await withSql((sql) => sql`create table public.kill_test (note text)`);
  await withSql((sql) => sql`insert into public.kill_test values ('before the kill')`);
  const pid = await serverPid();
  first.kill("SIGKILL");
  await waitFor(() => !isAlive(pid));

  const second = await start();
  expect(await withSql((sql) => sql`select note from public.kill_test`)).toEqual([
    { note: "before the kill" },
  ]);
  // Started again at once, while the old server is still going down.
  second.kill("SIGKILL");
  await ended(second);
  const third = await start();
  expect(await withSql((sql) => sql`select note from public.kill_test`)).toHaveLength(1);

  // The server itself is killed: the platform says so and ends, and the next start recovers.
  process.kill(await serverPid(), "SIGKILL");
  await ended(third);
  expect(third.exitCode).toBe(1);
  const fourth = await start();
  expect(await withSql((sql) => sql`select note from public.kill_test`)).toHaveLength(1);

  // An orderly end leaves neither a server nor a lock.
  const last = await serverPid();
  fourth.kill("SIGINT");
  await ended(fourth);
  expect(fourth.exitCode).toBe(0);
  expect(isAlive(last)).toBe(false);
});

test("a server left without a platform is stopped by the next start", async () => {
  const script = fileURLToPath(new URL("./fixtures/leave-orphan-database.ts", import.meta.url));
  const pid = await new Promise<number>((resolve) => {
    const args = ["--import", "tsx", script, dataDir, `${base + 1}`, keys.superuserPassword];
    execFile(process.execPath, args, { cwd: PACKAGE_DIR }, (_, stdout) => resolve(Number(stdout)));
  });
  expect(isAlive(pid)).toBe(true);
  const options = { dataDir, port: base + 1, superuserPassword: keys.superuserPassword };
  const database = await startDatabase(options);
  try {
    expect(isAlive(pid)).toBe(false);
    expect(database.pid).not.toBe(pid);
    await expect(startDatabase(options)).rejects.toThrow(/already running/);
  } finally {
    await database.stop();
  }
});

test("a lock file that names another program's process does not stop the start", async () => {
  const folder = await chooseDatabaseFolder(dataDir, chooseAccount());
  // This test's own process: alive, and no database server.
  await writeFile(join(folder, "postmaster.pid"), `${process.pid}\n${folder}\n0\n${base + 1}\n\n127.0.0.1\n`);
  const database = await startDatabase({
    dataDir,
    port: base + 1,
    superuserPassword: keys.superuserPassword,
  });
  await database.stop();
  expect(isAlive(process.pid)).toBe(true);
});
