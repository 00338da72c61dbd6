// The rules for places of files and their imports, on small projects that break them.
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { checkStructure } from "../../../scripts/check/structure/check-structure.ts";
import { findCircles, findUnreached, findUpward } from "../../../scripts/check/structure/judge-imports.ts";
import { findMisnamed } from "../../../scripts/check/structure/judge-names.ts";
import { readImports } from "../../../scripts/check/structure/read-imports.ts";

describe("imports", () => {
  it("are found for values, types and dynamic imports, but not in strings or for packages", async () => {
    const base = await mkdtemp(join(tmpdir(), "imports-"));
    try {
      const files: Record<string, string> = {
        "a/index.ts": `import { x } from "./x.ts";
          import type { Y } from "../b/y.ts";
          export { z } from "./deep/z.mjs";
          import "zod";
          // import "./comment.ts";
          const text = 'import "./text.ts"';
          const late = () => import("./late.ts");`,
        "a/deep/z.mjs": `import { x } from "../x.ts"; export const z = x;`,
        "a/notes.md": `import "./x.ts"`,
        "b/y.ts": "",
      };
      for (const [path, text] of Object.entries(files)) {
        await mkdir(dirname(join(base, path)), { recursive: true });
        await writeFile(join(base, path), text);
      }
      expect([...(await readImports(base, ["a", "b"]))]).toEqual([
        ["a/deep/z.mjs", ["a/x.ts"]],
        ["a/index.ts", ["a/x.ts", "b/y.ts", "a/deep/z.mjs", "a/late.ts"]],
        ["b/y.ts", []],
      ]);
    } finally {
      await rm(base, { recursive: true });
    }
  });
});

describe("a file that no function reaches", () => {
  const imports = new Map([
    ["f/a/index.ts", ["f/shared/used.ts"]],
    ["f/shared/used.ts", ["f/shared/through.ts"]],
    ["f/shared/through.ts", []],
    ["f/shared/dead.ts", ["f/shared/dead-too.ts"]],
    ["f/shared/dead-too.ts", []],
    ["tests/dead.test.ts", ["f/shared/dead.ts"]],
  ]);

  it("is found, even if a test uses it", () => {
    const functions = [...imports.keys()].filter((file) => file.startsWith("f/"));
    expect(findUnreached(imports, ["f/a/index.ts"], functions)).toEqual([
      expect.stringContaining("f/shared/dead.ts: no function reaches it"),
      expect.stringContaining("f/shared/dead-too.ts: no function reaches it"),
    ]);
  });
});

describe("an import circle", () => {
  it("is found once, with all its files", () => {
    const imports = new Map([
      ["start.ts", ["a.ts"]],
      ["a.ts", ["b.ts", "leaf.ts"]],
      ["b.ts", ["c.ts"]],
      ["c.ts", ["a.ts", "leaf.ts"]],
      ["leaf.ts", []],
    ]);
    expect(findCircles(imports)).toEqual([
      expect.stringContaining("a.ts → b.ts → c.ts → a.ts: an import circle"),
    ]);
  });

  it("is none if two files import a third", () => {
    const imports = new Map([
      ["a.ts", ["leaf.ts", "b.ts"]],
      ["b.ts", ["leaf.ts"]],
      ["leaf.ts", []],
    ]);
    expect(findCircles(imports)).toEqual([]);
  });
});

describe("an import from above", () => {
  it("is found from any height; imports from folders below or beside are allowed", () => {
    const imports = new Map([
      ["area/deep/low.ts", ["area/top.ts", "root.ts", "area/beside/other.ts", "area/deep/own.ts"]],
      ["area/top.ts", ["area/deep/own.ts"]],
      ["area-two/a.ts", ["area/top.ts"]],
    ]);
    expect(findUpward(imports)).toEqual([expect.stringContaining("area/deep/low.ts imports area/top.ts")]);
  });
});

describe("names", () => {
  it("of route tables and schemas are the same in every folder", () => {
    const imports = new Map([
      ["f/_shared/http/route.ts", []],
      ["f/_shared/http/create-area.ts", ["f/_shared/http/route.ts"]],
      ["f/leads/routes.ts", ["f/_shared/http/route.ts"]],
      ["f/leads/jobs/job-routes.ts", ["f/_shared/http/route.ts"]],
      ["f/leads/jobs/job-schemas.ts", []],
      ["f/leads/jobs/schemas.ts", []],
    ]);
    expect(findMisnamed(imports, "f", "f/_shared/http/route.ts")).toEqual([
      expect.stringContaining("f/leads/jobs/job-routes.ts declares routes"),
      expect.stringContaining("f/leads/jobs/job-schemas.ts holds schemas"),
    ]);
  });
});

it("the project keeps all of them", async () => {
  expect(await checkStructure()).toEqual([]);
});
