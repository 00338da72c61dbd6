// The differences between two catalogs, their wording, and the draft of a migration.
import { expect, test } from "vitest";
import { isFrozen } from "../../../scripts/schema/are-migrations-frozen.ts";
import { compareCatalogs } from "../../../scripts/schema/compare-catalogs.ts";
import { diffLines } from "../../../scripts/schema/diff-lines.ts";
import { draftMigration, nextVersion } from "../../../scripts/schema/draft-migration.ts";
import { explainDifferences } from "../../../scripts/schema/explain-differences.ts";
import { findObject } from "../../../scripts/schema/find-object.ts";
import { judgeFrozen } from "../../../scripts/schema/frozen-migrations.ts";
import type { Catalog, FunctionText } from "../../../scripts/schema/read-catalog.ts";

const object = (kind: string, name: string, definition = "") => ({ kind, name, definition });
const catalog = (functions: Record<string, Partial<FunctionText>>): Catalog => ({
  objects: [],
  functions: new Map(
    Object.entries(functions).map(([name, text]) => [
      name,
      { definition: `create or replace function ${name}`, head: "", comment: null, grantees: [], ...text },
    ]),
  ),
});

test("1.0.0 freezes migrations and what is released before it does not", () => {
  const versions = ["0.1.0", "0.99.3", "1.0.0-rc.1", "1.0.0", "1.0.1-rc.1", "1.2.3", "2.0.0-beta", "10.0.0"];
  expect(versions.filter(isFrozen)).toEqual(["1.0.0", "1.0.1-rc.1", "1.2.3", "2.0.0-beta", "10.0.0"]);
  expect(() => isFrozen("next")).toThrow(/version is "next"; write it as 1\.2\.3/);
});

test("changed lines are shown with one line around them, and equal parts are left out", () => {
  expect(diffLines("a\nb\nc\nd\ne\nf\ng", "a\nb\nC\nd\ne\nf\ng\nh")).toEqual([
    "  b",
    "- c",
    "+ C",
    "  d",
    "  …",
    "  g",
    "+ h",
  ]);
  expect(diffLines("a\nb", "a\nb")).toEqual([]);
});

test("a table that is missing or too many is one difference, without its parts", () => {
  const parts = [
    object("table", "public.notes"),
    object("column", "public.notes.id", "uuid"),
    object("order of columns", "public.notes", "id"),
    object("index", "public.notes.notes_idx", "create index"),
    object("policy", "public.notes.people read notes", "for: select"),
  ];
  const named = (differences: ReturnType<typeof compareCatalogs>) =>
    differences.map(({ change, kind, name }) => `${change}: ${kind} ${name}`);
  expect(named(compareCatalogs([], parts))).toEqual(["missing: table public.notes"]);
  expect(named(compareCatalogs(parts, []))).toEqual(["extra: table public.notes"]);
  expect(named(compareCatalogs(parts, parts))).toEqual([]);
});

test("a new column must be last; one in the middle of a schema file is reported, with its right place", () => {
  const order = (columns: string) => [object("order of columns", "public.notes", columns)];
  expect(compareCatalogs(order("id, text"), order("id, text, author"))).toEqual([]);
  expect(compareCatalogs(order("id, text, author"), order("id, author"))).toEqual([]);
  const differences = compareCatalogs(order("id, text"), order("id, author, text"));
  expect(differences.map(({ lines }) => lines)).toEqual([["- id, text, author", "+ id, author, text"]]);
  const [told] = explainDifferences(differences, [], []);
  expect(told).toMatch(/adds columns at the end: move the new one there/);
});

test("an object is found in the file that makes it, or in that of its table", () => {
  const files = [
    { path: "a.sql", text: "create table public.notes (\n  id uuid constraint notes_key primary key\n);" },
    {
      path: "b.sql",
      text: "create policy \"people read notes\" on public.notes;\nselect pgmq.create('notes');",
    },
    {
      path: "c.sql",
      text: "create function private.note(p_id uuid)\nselect cron.schedule('fold-notes', '* * * * *')",
    },
    {
      path: "d.sql",
      text: "alter table public.notes\n  add column author text;\ncreate unique index notes_idx",
    },
  ];
  const find = (kind: string, name: string) => findObject(files, kind, name);
  expect(find("table", "public.notes")).toBe("a.sql");
  expect(find("table", "public.note")).toBeUndefined();
  expect(find("column", "public.notes.id")).toBe("a.sql");
  expect(find("column", "public.notes.author")).toBe("d.sql");
  expect(find("constraint", "public.notes.notes_key")).toBe("a.sql");
  expect(find("index", "public.notes.notes_idx")).toBe("d.sql");
  expect(find("policy", "public.notes.people read notes")).toBe("b.sql");
  expect(find("queue", "notes")).toBe("b.sql");
  expect(find("function", "private.note(uuid)")).toBe("c.sql");
  expect(find("function", "private.not(uuid)")).toBeUndefined();
  expect(find("cron job", "fold-notes")).toBe("c.sql");
});

test("a draft replaces a function whose head is the same, and drops one whose head is another", () => {
  const change = (before: Partial<FunctionText>, after: Partial<FunctionText>) =>
    draftMigration(
      {
        differences: [{ change: "different", kind: "function", name: "private.f(text)", lines: [] }],
        migrated: catalog({ "private.f(text)": before }),
        wanted: catalog({ "private.f(text)": after }),
      },
      [],
    )
      .split("\n\n")
      .at(-1);
  const body = { definition: "create or replace function private.f(p text) … 1" };
  expect(change(body, { ...body, comment: "It's new.", grantees: ["worker"] })).toBe(
    "comment on function private.f(text) is 'It''s new.';\ngrant execute on function private.f(text) to worker;\n",
  );
  const other = { definition: "create or replace function private.f(p text) … 2" };
  expect(change({ ...body, grantees: ["worker"] }, other)).toBe(
    `${other.definition};\nrevoke execute on function private.f(text) from worker;\n`,
  );
  expect(
    change(
      { head: "p text returns text", grantees: ["worker"] },
      { ...other, head: "q text returns text", grantees: ["worker"] },
    ),
  ).toBe(
    `drop function private.f(text);\n${other.definition};\ngrant execute on function private.f(text) to worker;\n`,
  );
});

test("a new migration comes after existing ones, also if their times are in the future", () => {
  const now = new Date("2027-02-03T04:05:06Z");
  expect(nextVersion(["20261201000100_a.sql", "20261201001900_b.sql"], now)).toBe("20270203040506");
  expect(nextVersion(["20280101000000_later.sql"], now)).toBe("20280101000001");
});

test("released migrations stay unchanged, and new ones come after them", () => {
  const empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
  const frozen = { "1_a.sql": empty, "2_b.sql": empty, "4_d.sql": empty };
  const files = [
    { path: "supabase/migrations/1_a.sql", text: "" },
    { path: "supabase/migrations/2_b.sql", text: "select 1;" },
    { path: "supabase/migrations/3_c.sql", text: "" },
    { path: "supabase/migrations/5_e.sql", text: "" },
  ];
  expect(judgeFrozen(frozen, files)).toEqual([
    expect.stringMatching(/2_b\.sql is released and was changed/),
    expect.stringMatching(/4_d\.sql is released and gone/),
    expect.stringMatching(/3_c\.sql comes before 4_d\.sql/),
  ]);
});
