// The files of a data folder are private and can be read back.
import { mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readEnvFile, writeEnvFile } from "../src/env-file.ts";
import { readKeys, readSecrets } from "../src/read-keys.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "env-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test("the env file is readable by its owner only and comes back as written", async () => {
  const env = { API_URL: "http://127.0.0.1:1", DB_URL: "postgresql://a:b@c/d?e=f#g" };
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

test("a project's own secrets are kept beside the keys, and neither replaces the other", async () => {
  const keys = await readKeys(folder);
  let made = 0;
  const own = () => readSecrets(folder, { own: () => `own ${++made}` });
  expect([await own(), await own()]).toEqual([{ own: "own 1" }, { own: "own 1" }]);
  expect(await readKeys(folder)).toEqual(keys);
});

test("a .env file is read as shells read it, and a missing one is empty", async () => {
  const path = join(folder, ".env");
  expect(await readEnvFile(path)).toEqual({});
  await writeFile(path, "# comment\nONE=https://example.com\nTWO='a b'\n");
  expect(await readEnvFile(path)).toEqual({ ONE: "https://example.com", TWO: "a b" });
});
