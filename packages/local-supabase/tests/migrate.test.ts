// Migrations and seeds are applied by the CLI, once, and a failure says where and why.
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import postgres from "postgres";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { migrate } from "../src/migrate.ts";

// A database of its own on the run's server, and a small project: the CLI is the same.
const name = `migrate_${Date.now().toString(36)}`;
const url = inject("platform").DB_URL.replace(/\/postgres$/, `/${name}`);
const server = postgres(inject("platform").DB_URL, { max: 1, onnotice: () => {} });
let projectDir: string;
const sql = postgres(url, { max: 1, onnotice: () => {} });
const lines: string[] = [];
const CONFIG = fileURLToPath(new URL("./fixtures/project/supabase/config.toml", import.meta.url));

beforeAll(async () => {
  await server.unsafe(`create database ${name}`);
  projectDir = await mkdtemp(join(tmpdir(), "migrate-"));
  for (const part of ["migrations", "seed"])
    await mkdir(join(projectDir, "supabase", part), { recursive: true });
  await cp(CONFIG, join(projectDir, "supabase", "config.toml"));
});
afterAll(async () => {
  await sql.end();
  await server.unsafe(`drop database ${name} with (force)`);
  await server.end();
  await rm(projectDir, { recursive: true, force: true });
});

const write = (path: string, text: string) => writeFile(join(projectDir, "supabase", path), text);
const run = () =>
  migrate({
    projectDir,
    databaseUrl: url,
    scratchDir: join(projectDir, "scratch"),
    resetCommand: "the way to start over",
    log: (line) => lines.push(line),
  });

test("pending migrations are applied in order, then the seeds; the second time nothing is applied", async () => {
  await write("migrations/20260101000000_first.sql", "create table public.first (n int);");
  await write("migrations/20260101000001_second.sql", "insert into public.first values (1);");
  await write("seed/10_rows.sql", "insert into public.first values (2);");
  expect(await run()).toHaveLength(3);
  expect(lines.map((line) => line.split(" ")[0])).toEqual(["Applying", "Applying", "Seeding"]);
  expect(await sql`select n from public.first order by n`).toEqual([{ n: 1 }, { n: 2 }]);
  expect(await run()).toEqual([]);
  expect(await sql`select n from public.first order by n`).toHaveLength(2);
});

test("a migration that fails is named with the server's message, changes nothing, and can be corrected", async () => {
  await write("migrations/20260101000002_third.sql", "create table public.third (n int);\nselect 1 / 0;");
  await expect(run()).rejects.toThrow(/20260101000002_third\.sql[\s\S]*division by zero/);
  expect(await sql`select to_regclass('public.third') as found`).toEqual([{ found: null }]);
  await write("migrations/20260101000002_third.sql", "create table public.third (n int);");
  expect(await run()).toEqual(["20260101000002"]);
});

test("a database that is ahead of the checkout is refused with the remedy", async () => {
  await rm(join(projectDir, "supabase", "migrations", "20260101000002_third.sql"));
  await write("migrations/20260101000003_fourth.sql", "select 1;");
  await expect(run()).rejects.toThrow(/"the way to start over" starts over/);
});

test("the CLI writes nothing into the user's home or the project", async () => {
  const config = await readFile(join(projectDir, "supabase", "config.toml"), "utf8");
  expect(config).toBe(await readFile(CONFIG, "utf8"));
  await expect(readFile(join(projectDir, "supabase", ".temp", "cli-latest"))).rejects.toThrow(/ENOENT/);
});
