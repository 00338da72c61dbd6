// Which file imports which, over whole folders.
import { readdir, readFile } from "node:fs/promises";
import { dirname, join, posix } from "node:path";
import ts from "typescript";

/** Each file with the files it imports, types and dynamic imports included. Paths are relative, with slashes. */
export type Imports = ReadonlyMap<string, readonly string[]>;

/**
 * Packages are left out: only paths that begin with a dot are files of ours.
 * @param base the folder that paths are relative to
 * @param folders below it, read with all their sub-folders
 */
export async function readImports(base: string, folders: readonly string[]): Promise<Imports> {
  const imports = new Map<string, string[]>();
  for (const folder of folders) {
    const names = await readdir(join(base, folder), { recursive: true });
    for (const name of names.filter((name) => /\.m?ts$|\.mjs$/.test(name)).sort()) {
      const path = posix.join(folder, name.replaceAll("\\", "/"));
      const text = await readFile(join(base, path), "utf8");
      const { importedFiles } = ts.preProcessFile(text, true, true);
      imports.set(
        path,
        importedFiles
          .filter(({ fileName }) => fileName.startsWith("."))
          .map(({ fileName }) => posix.join(dirname(path), fileName)),
      );
    }
  }
  return imports;
}
