// The lock of deployed packages is complete, and equals the lock of tested packages.
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { checkLocks, compareLocks } from "../../../scripts/check/compare-locks.ts";
import { findFunctions } from "../../../scripts/generate/find-functions.ts";

const read = (path: string) => JSON.parse(readFileSync(new URL(`../../../${path}`, import.meta.url), "utf8"));
const locks = () => ({
  deno: read("supabase/functions/deno.lock"),
  npm: read("package-lock.json"),
  map: read("supabase/functions/import_map.json"),
});

it("the project's own agree, and every function is bundled with them", async () => {
  expect(await checkLocks()).toEqual([]);
  for (const { name } of await findFunctions())
    expect(read(`supabase/functions/${name}/deno.json`)).toEqual({
      importMap: "../import_map.json",
      lock: "../deno.lock",
    });
});

it.each<[string, (all: ReturnType<typeof locks>) => void]>([
  ["a package that it lacks", ({ deno }) => delete deno.specifiers["npm:hono@4.13.19"]],
  ["a package that is asked for no more", ({ map }) => delete map.imports.jose],
  [
    "another version of what others need",
    ({ npm }) => Object.assign(npm.packages["node_modules/yaml"], { version: "2.9.0" }),
  ],
  [
    "another file of the same version",
    ({ deno }) => Object.assign(deno.npm["yaml@2.9.1"], { integrity: "sha512-x" }),
  ],
  ["a package that is not tested", ({ npm }) => delete npm.packages["node_modules/tslib"]],
  ["a version that the hosted runtime can't read", ({ deno }) => Object.assign(deno, { version: "5" })],
])("%s is complained of", (_what, change) => {
  const all = locks();
  change(all);
  expect(compareLocks(all.deno, all.npm, all.map)).not.toEqual([]);
});

it("git ignores every file of secrets, but not the examples", () => {
  const ignored = (path: string): boolean => {
    try {
      execFileSync("git", ["check-ignore", "-q", "--no-index", path], {
        cwd: new URL("../../..", import.meta.url),
      });
      return true;
    } catch {
      return false;
    }
  };
  const secret = [
    ".env",
    ".env.production",
    ".env.local",
    ".env.staging.local",
    "supabase/.env",
    "supabase/functions/.env.production",
  ];
  expect(secret.filter((path) => !ignored(path))).toEqual([]);
  expect(
    [".env.example", "supabase/functions/deno.lock", "packages/local-supabase/src/env-file.ts"].filter(
      ignored,
    ),
  ).toEqual([]);
});
