// The variables that functions and config.toml read are those that documents and examples name; and the file with a project's
// secrets stays out of git.
import { execFileSync } from "node:child_process";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, expect, it } from "vitest";

const FUNCTIONS = "supabase/functions";
let source: string;
let documented: string[];
let example: string;

beforeAll(async () => {
  const names = (await readdir(FUNCTIONS, { recursive: true })).filter((name) => name.endsWith(".ts"));
  source = (await Promise.all(names.map((name) => readFile(join(FUNCTIONS, name), "utf8")))).join("\n");
  const deploy = await readFile("docs/deploy.md", "utf8");
  documented = [...deploy.matchAll(/^\| `([A-Z_]+)` /gm)].map(([, name]) => name as string);
  example = await readFile(".env.production.example", "utf8");
});

it("docs/deploy.md has every variable that functions read and the platform does not set", async () => {
  const deploy = await readFile("docs/deploy.md", "utf8");
  const read = [...source.matchAll(/\benv\.(?:get|require)\("([A-Z_]+)"\)/g)].map(
    ([, name]) => name as string,
  );
  const own = [...new Set(read)].filter((name) => !name.startsWith("SUPABASE_"));
  expect(own).toEqual(expect.arrayContaining(["WORKER_DB_URL", "WORKER_DB_CA", "JWT_ISSUER"]));
  for (const name of own) expect(deploy, name).toContain(`\`${name}\``);
});

it(".env.production.example has the variables of that table, and none that `secrets set` skips", async () => {
  const named = [...example.matchAll(/^(?:# )?([A-Z_]+)=/gm)].map(([, name]) => name as string);
  expect(named.sort()).toEqual(documented.sort());
  expect(named.filter((name) => name.startsWith("SUPABASE_"))).toEqual([]);
});

it(".env.production.example has the variables that supabase/config.toml reads", async () => {
  const config = await readFile("supabase/config.toml", "utf8");
  const wanted = [...config.matchAll(/"env\(([A-Z_]+)\)"/g)].map(([, name]) => name as string);
  expect(wanted).toEqual(["SITE_URL", "REDIRECT_URLS"]);
  for (const name of wanted) expect(example).toMatch(new RegExp(`^${name}=`, "m"));
});

it("git ignores .env.production, but not the examples", () => {
  const isIgnored = (path: string) => {
    try {
      execFileSync("git", ["check-ignore", "--quiet", "--no-index", path]);
      return true;
    } catch {
      return false;
    }
  };
  expect([".env", ".env.production", "supabase/.env.production"].map(isIgnored)).toEqual([true, true, true]);
  expect([".env.example", ".env.production.example"].map(isIgnored)).toEqual([false, false]);
});

it("functions open the database in one way: as worker, with certificates verified", async () => {
  const files = (await readdir(FUNCTIONS, { recursive: true })).filter((name) => name.endsWith(".ts"));
  const opening: string[] = [];
  for (const name of files) {
    if (/\bpostgres\(/.test(await readFile(join(FUNCTIONS, name), "utf8"))) opening.push(name);
  }
  expect(opening.sort()).toEqual(["_shared/db/direct.ts", "_shared/db/probe-direct.ts"]);
  const settings = [...source.matchAll(/rejectUnauthorized:\s*(\w+)/g)].map(([, value]) => value);
  expect(new Set(settings)).toEqual(new Set(["true"]));
  expect(/\benv\.\w+\("SUPABASE_DB_URL"\)/.test(source)).toBe(false);
});
