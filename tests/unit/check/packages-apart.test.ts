// Packages import nothing of the project and name nothing of its database; the check finds those that do.
import { expect, it } from "vitest";
import {
  checkPackages,
  findDatabaseNames,
  findForeignImports,
  findForeignNames,
} from "../../../scripts/check/packages-apart.ts";

const listed = new Set(["postgres", "@scope/name"]);
const importsOf = (text: string) => findForeignImports({ path: "src/deep/file.ts", text }, listed);

it.each([
  'import { a } from "../../../scripts/stack/ports.ts";',
  'const url = new URL("../../../../deno.json", import.meta.url);',
  'import type { A } from "hono";',
  'export { a } from "hono/cors";',
  'const path = createRequire(import.meta.url).resolve("supabase/package.json");',
  'await import("@scope/other");',
])("%s reaches out of a package", (text) => expect(importsOf(text)).toHaveLength(1));

it.each([
  'import { a } from "../other.ts";\nimport "./here.ts";',
  'import fs from "node:fs";',
  'import postgres from "postgres";\nimport { b } from "@scope/name/part";',
  'const url = new URL("../../tests/fixtures", import.meta.url);',
])("%s does not", (text) => expect(importsOf(text)).toEqual([]));

const names = findDatabaseNames(`
  create table public.leads (id int);
  create table if not exists private.clocks (id int);
  create or replace function private.plan_sends(p_now timestamptz) returns int language sql as 'select 1';
  create view public.figures as select 1;`);

it("names of tables, views and functions are read from migrations", () => {
  expect([...names].sort()).toEqual(["clocks", "figures", "leads", "plan_sends"]);
});

it.each(["select * from public.leads", "select plan_sends(now())", '.from("leads")', "private.clocks"])(
  "%s names what is the project's",
  (text) => expect(findForeignNames(text, names)).toHaveLength(1),
);

it.each(["it leads nowhere", "public.notes", "plan_sends_twice", "auth.figures"])("%s does not", (text) =>
  expect(findForeignNames(text, names)).toEqual([]),
);

it("the packages are independent of the project", async () => {
  expect(await checkPackages()).toEqual([]);
});
