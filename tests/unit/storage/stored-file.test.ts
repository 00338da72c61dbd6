// Paths of files in Storage: built from ids only, read back only if they were built so, and all others refused.
import { describe, expect, it } from "vitest";
import {
  exportFileAt,
  exportFolder,
  exportFormat,
  importFileAt,
  mediaFileAt,
  pathOf,
  type StoredFile,
  UnsafePathError,
} from "../../../supabase/functions/_shared/storage/stored-file.ts";

const ORG = "0b9f5a36-6f0f-4bb6-8d4a-5d3b1d1c9a01";
const ID = "01a22400-d3a8-7557-9c56-f485e313f5ac";
const FILE = "7f1fd0f7-6d33-4a64-9a0e-2f8f1f6b7c11";
const OWNER = { orgId: ORG, jobId: ID };

const FILES: StoredFile[] = [
  { kind: "import", orgId: ORG, importId: ID },
  { kind: "part", ...OWNER, step: 12, fileId: FILE },
  { kind: "export", ...OWNER, fileId: FILE, format: "xlsx" },
];

const MEDIA: StoredFile = { kind: "media", orgId: ORG, mediaId: FILE };

/** Values in place of an id, a format or a step. */
const HOSTILE: unknown[] = [
  "x/../../../../../bucket/exports/empty",
  "..",
  "../x",
  "%2e%2e",
  "%2e%2e%2fx",
  "..%2f",
  "..\\..\\x",
  ".",
  "",
  " ",
  "/",
  "//",
  "/etc/passwd",
  "imports",
  "exports",
  "\0",
  `${ID}\0`,
  `${ID}\n`,
  ` ${ID}`,
  `${ID}/`,
  ID.toUpperCase(),
  `${ID}${ID}`,
  ID.replaceAll("-", ""),
  `{${ID}}`,
  `${ID.slice(0, -1)}١`,
  "\ud800",
  "?x=1",
  "#x",
  `${ID}?`,
  "*",
  "%",
  "x".repeat(1_000_000),
  null,
  undefined,
  7,
  Number.NaN,
  {},
  [ID],
  true,
];

describe("a path", () => {
  it("is made of ids and an ending from a closed list, and read back as the same file", () => {
    expect(FILES.map(pathOf)).toEqual([
      { bucket: "imports", path: `${ORG}/${ID}.csv` },
      { bucket: "exports", path: `${ORG}/${ID}/12-${FILE}.part` },
      { bucket: "exports", path: `${ORG}/${ID}/${FILE}.xlsx` },
    ]);
    const [one, ...others] = FILES.map((file) => pathOf(file).path);
    expect(importFileAt(one, ID)).toEqual(FILES[0]);
    expect(others.map((path) => exportFileAt(path, OWNER))).toEqual(FILES.slice(1));
    expect(exportFolder(`${ORG}/${ID}`)).toEqual(OWNER);
  });

  it("of a message's file is made of two ids, and read back for its organisation alone", () => {
    const { bucket, path } = pathOf(MEDIA);
    expect([bucket, path]).toEqual(["media", `${ORG}/${FILE}`]);
    expect(mediaFileAt(path, ORG)).toEqual(MEDIA);
    for (const owner of [FILE, null, "", ORG.toUpperCase()])
      expect(() => mediaFileAt(path, owner)).toThrow(UnsafePathError);
    for (const bad of [
      ...HOSTILE,
      ORG,
      `${path}/`,
      `../${path}`,
      `${path}/..`,
      path.replace("/", "//"),
      `${path}.csv`,
    ])
      expect(() => mediaFileAt(bad, ORG), String(bad).slice(0, 60)).toThrow(UnsafePathError);
  });

  it("is never made of anything else, in any place", () => {
    for (const file of [...FILES, MEDIA])
      for (const key of Object.keys(file))
        for (const value of HOSTILE) {
          // A step is the only number in a path.
          if (key === "step" && value === 7) continue;
          const poisoned = { ...file, [key]: value } as StoredFile;
          expect(() => pathOf(poisoned), `${key}: ${String(value).slice(0, 40)}`).toThrow(UnsafePathError);
        }
    for (const step of [0, -1, 1.5, 1e9, 1e308, Number.POSITIVE_INFINITY])
      expect(() => pathOf({ kind: "part", ...OWNER, step, fileId: FILE })).toThrow(UnsafePathError);
  });

  it("is never read from a text that was not built here", () => {
    const [one, part, whole] = FILES.map((file) => pathOf(file).path) as [string, string, string];
    const around = (path: string) => [
      `/${path}`,
      `./${path}`,
      `${path}/`,
      `${path}/..`,
      `../${path}`,
      `x/../${path}`,
      `${path}\n`,
      `${path}\0`,
      path.toUpperCase(),
      path.replaceAll("/", "//"),
      path.replaceAll("/", "%2f"),
      path.replaceAll("/", "\\"),
      path.replace(ORG, ".."),
      path.replace(ID, "%2e%2e"),
      `${path}.csv`,
    ];
    for (const bad of [...HOSTILE, ...around(one), part, whole])
      expect(() => importFileAt(bad), String(bad).slice(0, 60)).toThrow(UnsafePathError);
    for (const bad of [...HOSTILE, ...around(part), ...around(whole), one])
      expect(() => exportFileAt(bad, OWNER), String(bad).slice(0, 60)).toThrow(UnsafePathError);
    for (const bad of [...HOSTILE, ORG, ID, `${ORG}/`, `${ORG}/${ID}/`, `${ORG}/${ID}/..`, one])
      expect(() => exportFolder(bad), String(bad).slice(0, 60)).toThrow(UnsafePathError);
    for (const bad of [...HOSTILE, "CSV", "csv ", "part"])
      expect(() => exportFormat(bad)).toThrow(UnsafePathError);
  });

  it("of another organisation, job or import is refused", () => {
    const theirs = pathOf({ kind: "export", orgId: FILE, jobId: ID, fileId: FILE, format: "csv" }).path;
    const other = pathOf({ kind: "part", orgId: ORG, jobId: FILE, step: 1, fileId: FILE }).path;
    expect(() => exportFileAt(theirs, OWNER)).toThrow(UnsafePathError);
    expect(() => exportFileAt(other, OWNER)).toThrow(UnsafePathError);
    expect(() => importFileAt(`${ORG}/${FILE}.csv`, ID)).toThrow(UnsafePathError);
  });
});
