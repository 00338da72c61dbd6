// The rules of npm run check for supabase/schemas.
import { expect, test } from "vitest";
import { judgeSqlFiles } from "../../../scripts/check/sql-files.ts";

const define = (name: string, lines: number, args = "") =>
  `create function private.${name}(${args})\nreturns void\nlanguage sql\nas $$\n${"select 1;\n".repeat(lines - 5)}$$;\n`;
const judge = (path: string, text: string) => judgeSqlFiles([{ path, text }]);

test("a short function among others, and a long one in its own file, are accepted", () => {
  expect(judge("small.sql", define("a", 60) + define("b", 60))).toEqual([]);
  expect(judge("big.sql", define("big", 150))).toEqual([]);
});

test("a function of more than 60 lines has a file of its own, and one of more than 150 is too long", () => {
  expect(judge("small.sql", define("a", 61))).toEqual([expect.stringMatching(/61 lines.*a\.sql/)]);
  expect(judge("a.sql", define("a", 151))).toEqual([expect.stringMatching(/151 lines.*150 at most/)]);
});

test("a function is defined once, in any file", () => {
  const files = [
    { path: "a.sql", text: define("a", 5) },
    { path: "b.sql", text: define("a", 6).replace("create function", "create or replace function") },
  ];
  expect(judgeSqlFiles(files)).toEqual([
    expect.stringMatching(/private\.a is defined in a\.sql and in b\.sql/),
  ]);
  expect(judge("a.sql", define("a", 5, "p_x text") + define("a", 5, "p_x uuid"))).toEqual([]);
});

test("lines have 130 characters, files 300 lines", () => {
  expect(judge("a.sql", `-- ${"x".repeat(127)}\n`)).toEqual([]);
  expect(judge("a.sql", `\n-- ${"x".repeat(128)}\n`)).toEqual([expect.stringMatching(/a\.sql:2: 131/)]);
  expect(judge("a.sql", "\n".repeat(300))).toEqual([]);
  expect(judge("a.sql", "\n".repeat(301))).toEqual([expect.stringMatching(/301 lines/)]);
});

test("jsonb_agg is refused, its object's twin of small values is not", () => {
  expect(judge("a.sql", "select jsonb_agg(l.lead) from l;\n")).toEqual([
    expect.stringMatching(/a\.sql:1: jsonb_agg.*to_jsonb\(array_agg/),
  ]);
  expect(judge("a.sql", "select to_jsonb(array_agg(l.lead)), jsonb_object_agg(l.id, 1) from l;\n")).toEqual(
    [],
  );
});
