// Which patterns are found in functions and migrations, and which of them stop a check.
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the texts are code.
import { describe, expect, it } from "vitest";
import { judgePatterns, judgeUnknown } from "../../../scripts/check/patterns/check-patterns.ts";
import { findPatterns } from "../../../scripts/check/patterns/find-patterns.ts";
import { findSqlPatterns } from "../../../scripts/check/patterns/find-sql-patterns.ts";

const sources = (text: string) =>
  findPatterns("a.ts", text).known.map(({ source, flags }) => `/${source}/${flags}`);

describe("a pattern is found", () => {
  it.each([
    ["in a literal", "x.replace(/a+$/gi, '')", "/a+$/gi"],
    ["in a class of a literal", "x.test(/[/]/)", "/[/]/"],
    ["in a text", 'new RegExp("a\\\\d", "g")', "/a\\d/g"],
    ["without new", 'RegExp("a")', "/a/"],
    ["in constants put together", 'const A = "x|y"; const P = new RegExp(`(?:${A})` + "z");', "/(?:x|y)z/"],
    ["in another pattern's source", "const A = /x/; const P = new RegExp(`${A.source}+`);", "/x/ /x+/"],
    ["in a text that becomes one", 'x.match("a.b")', "/a.b/"],
  ])("%s", (_, text, expected) => {
    expect(sources(text).join(" ")).toBe(expected);
  });

  it("with its line", () => {
    expect(findPatterns("a.ts", "\n\nconst x = /a/;").known[0]?.place).toBe("a.ts:3");
  });

  it("and one with other parts is left to a person", () => {
    const { known, unknown } = findPatterns(
      "a.ts",
      "function f(a: string) {\n return new RegExp(`${a}$`);\n}",
    );
    expect(known).toEqual([]);
    expect(unknown).toEqual([{ place: "a.ts:2", path: "a.ts", expression: "new RegExp(`${a}$`)" }]);
    expect(judgeUnknown(unknown, [])).toEqual([expect.stringContaining("a.ts:2: new RegExp")]);
    const accepted = { path: "a.ts", expression: "new RegExp(`${a}$`)", reason: "Because." };
    expect(judgeUnknown(unknown, [accepted])).toEqual([]);
    expect(judgeUnknown([], [accepted])).toEqual([expect.stringContaining("not there any more")]);
    expect(judgeUnknown(unknown, [{ ...accepted, reason: " " }])).toEqual([
      expect.stringContaining("no reason"),
    ]);
  });

  it.each([
    ["of a check", "check (a ~ '^[A-Z]{2}$')", "/^[A-Z]{2}$/"],
    ["that does not match, whatever the case", "where a !~* 'b+'", "/b+/i"],
    ["of a function, behind calls and commas", "regexp_replace(f(a, 'x,y'), '\\s+', ' ', 'g')", "/\\s+/"],
    ["of a substring", "substring(a from '^x(\\d)')", "/^x(\\d)/"],
    ["with the signs of Postgres", "a ~ '\\mab\\M[[:alnum:]]'", "/\\bab\\b[A-Za-z0-9]/"],
    ["not in a comment", "-- it's a ~ 'x'\nselect a ~ 'y'", "/y/"],
  ])("in SQL: %s", (_, sql, expected) => {
    expect(findSqlPatterns("a.sql", sql).map(({ source, flags }) => `/${source}/${flags}`)).toEqual([
      expected,
    ]);
  });
});

describe("the checker", () => {
  it.each([
    ["(a+)+$", "", "exponential"],
    ["\\s+$", "", "2nd degree"],
    // The four that were found first.
    ["(?:\\s(?:&|and|et al\\.?|et ?ux\\.?|etal)|&|,)+$", "i", "2nd degree"],
    ["[;,|\\n\\r\\t/&]+|\\s+(?:and|or|y|o|e)\\s+", "i", "2nd degree"],
    ["^\\s*\\$?-?[\\d,]*\\.?\\d+\\s*$", "", "2nd degree"],
    ["^[^\\s@,;]+@[^\\s@,;]+\\.[^\\s@,;]{2,}$", "", "2nd degree"],
  ])("refuses /%s/%s", async (source, flags, why) => {
    const [complaint] = await judgePatterns([{ place: "a.ts:7", source, flags }]);
    expect(complaint).toContain("a.ts:7");
    expect(complaint).toContain(why);
  });

  it("accepts linear patterns", async () => {
    const patterns = ["^\\s+", "a+b?", "(?<!\\s)\\s+$", "[^a-z0-9]+"];
    expect(await judgePatterns(patterns.map((source) => ({ place: "a.ts:1", source, flags: "" })))).toEqual(
      [],
    );
  });
});
