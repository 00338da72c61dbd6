// The env file of a stack is private and can be read back; .env wins over the stack's own values.
import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readEnvFile, readKeys, type StackEnv, writeEnvFile } from "local-supabase";
import { afterAll, beforeAll, expect, test } from "vitest";
import { functionsEnvironment } from "../../../scripts/stack/functions-environment.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "env-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const addresses = {
  apiUrl: "http://a",
  dbUrl: "postgres://d",
  workerDbUrl: "postgres://w",
  simulatorUrl: "http://s",
};

test("the env file is readable by its owner only and comes back as written", async () => {
  const env = { API_URL: "http://127.0.0.1:1", DB_URL: "postgresql://a:b@c/d?e=f#g" } as StackEnv;
  await writeEnvFile(folder, env);
  expect((await stat(join(folder, "env"))).mode & 0o777).toBe(0o600);
  expect(await readEnvFile(join(folder, "env"))).toEqual(env);
});

test("keys are made once, at random, and private", async () => {
  const keys = await readKeys(folder);
  expect(await readKeys(folder)).toEqual(keys);
  expect((await stat(join(folder, "keys.json"))).mode & 0o777).toBe(0o600);
  expect(new Set(Object.values(keys)).size).toBe(Object.values(keys).length);
  expect(keys.publishableKey).toMatch(/^sb_publishable_/);
  expect(keys.jwtSecret.length).toBeGreaterThanOrEqual(32);
});

test("variables of .env replace what functions get, and a missing .env replaces nothing", async () => {
  const path = join(folder, ".env");
  expect(await readEnvFile(path)).toEqual({});
  await writeFile(path, "# comment\nTWILIO_API_URL=https://api.twilio.com\nEXTRA='a b'\n");
  const env = functionsEnvironment(await readKeys(folder), addresses, await readEnvFile(path));
  expect(env).toMatchObject({
    TWILIO_API_URL: "https://api.twilio.com",
    EXTRA: "a b",
    TWILIO_LOOKUPS_URL: "http://s",
  });
  expect(await readFile(path, "utf8")).toContain("comment");
});
