// Links between documents, tests and sources work, and every promise of the README links to a test.
import { readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { anchorOf } from "../../../scripts/generate/schema/markdown.ts";

const PROJECT_DIR = fileURLToPath(new URL("../../..", import.meta.url));

const documents = [
  ...readdirSync(PROJECT_DIR).filter((name) => name.endsWith(".md")),
  ...(readdirSync(join(PROJECT_DIR, "docs"), { recursive: true }) as string[])
    .filter((name) => name.endsWith(".md"))
    .map((name) => join("docs", name)),
];

const read = (path: string) => readFileSync(join(PROJECT_DIR, path), "utf8");

/** A document's text without blocks and spans of code. */
const prose = (text: string) =>
  text.replace(/^```[\s\S]*?^```/gm, "").replace(/(`+)[\s\S]*?[^`]\1(?!`)/g, "code");

/** Targets of links inside the project. */
const linksIn = (text: string) =>
  [...prose(text).matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target]) => target as string)
    .filter((target) => !/^[a-z]+:/.test(target));

/** The anchors of a document's headings. */
const anchorsIn = (text: string) =>
  [...text.replace(/^```[\s\S]*?^```/gm, "").matchAll(/^#+ (.+)$/gm)].map(([, heading]) =>
    anchorOf(heading as string),
  );

const statOf = (path: string) => statSync(join(PROJECT_DIR, path), { throwIfNoEntry: false });

/** The reason why a link of a document is broken, or undefined. */
function brokenLink(document: string, target: string): string | undefined {
  const [file, anchor] = target.split("#") as [string, string | undefined];
  const path = file === "" ? document : join(dirname(document), file);
  if (!statOf(path)) return `${document}: ${target} is not there`;
  if (anchor !== undefined && !anchorsIn(read(path)).includes(anchor))
    return `${document}: ${path} has no heading for #${anchor}`;
  return undefined;
}

describe("links", () => {
  it.each(documents)("of %s lead to files and headings that exist", (document) => {
    expect(
      linksIn(read(document))
        .map((target) => brokenLink(document, target))
        .filter(Boolean),
    ).toEqual([]);
  });

  it("would be found broken", () => {
    const broken = ["missing.md", "docs/architecture.md#no-such-heading", "#no-such-heading"];
    expect(broken.map((target) => brokenLink("README.md", target)).filter(Boolean)).toHaveLength(3);
    expect(brokenLink("README.md", "docs/architecture.md#locks")).toBeUndefined();
  });
});

describe("paths", () => {
  /** Made by a command, from 1.0 on. */
  const LATER = ["supabase/migrations-frozen.json"];
  /** Paths of the project that a text names in spans of code, without patterns and placeholders. */
  const pathsIn = (text: string) =>
    [...text.matchAll(/`((?:tests|scripts|supabase|packages|docs|_shared)\/[\w./-]+)`/g)].map(([, path]) =>
      (path as string).replace(/^_shared\//, "supabase/functions/_shared/"),
    );
  const missing = (text: string) => pathsIn(text).filter((path) => !statOf(path) && !LATER.includes(path));

  it.each(documents)("that %s names exist", (document) => {
    expect(missing(read(document))).toEqual([]);
  });

  it("would be found missing", () => {
    expect(
      missing("`tests/no-such.test.ts`, `_shared/http/redact.ts` and `supabase/schemas/<area>`"),
    ).toEqual(["tests/no-such.test.ts"]);
  });
});

describe("the README", () => {
  const promises =
    read("README.md").split("## What it promises\n")[1]?.split("\n## ")[0]?.split(/^- /m).slice(1) ?? [];

  it("links each promise to a test that tries to break it", () => {
    expect(promises.length).toBeGreaterThanOrEqual(7);
    const without = promises.filter(
      (promise) =>
        !linksIn(promise).some((target) => target.endsWith(".test.ts") && statOf(target)?.isFile()),
    );
    expect(without).toEqual([]);
  });

  it("has no line over 130 characters", () => {
    expect(
      read("README.md")
        .split("\n")
        .filter((line) => line.length > 130),
    ).toEqual([]);
  });
});
