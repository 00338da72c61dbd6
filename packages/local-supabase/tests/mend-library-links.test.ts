// Library links of the database server are made if npm skipped the install scripts.
import { lstat, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { mendLibraryLinks } from "../src/database/mend-library-links.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "links-"));
  await mkdir(join(folder, "native", "lib"), { recursive: true });
  await writeFile(join(folder, "native", "lib", "libx.so.1.2"), "library");
  const links = ["libx.so.1", "libx.so"].map((name) => ({
    source: "native/lib/libx.so.1.2",
    target: `native/lib/${name}`,
  }));
  await writeFile(join(folder, "native", "pg-symlinks.json"), JSON.stringify(links));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

test("missing links are made, existing ones stay, and doing it again changes nothing", async () => {
  await symlink("libx.so.1.2", join(folder, "native", "lib", "libx.so"));
  const before = await lstat(join(folder, "native", "lib", "libx.so"));
  await mendLibraryLinks(folder);
  await mendLibraryLinks(folder);
  expect(await readFile(join(folder, "native", "lib", "libx.so.1"), "utf8")).toBe("library");
  expect((await lstat(join(folder, "native", "lib", "libx.so"))).ino).toBe(before.ino);
});

test("two starts at once do not disturb each other", async () => {
  await Promise.all([mendLibraryLinks(folder), mendLibraryLinks(folder), mendLibraryLinks(folder)]);
  expect(await readFile(join(folder, "native", "lib", "libx.so"), "utf8")).toBe("library");
});
