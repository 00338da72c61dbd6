// The contents of the functions folder, and which functions a change affects.
import { createHash } from "node:crypto";
import { readdir, readFile, stat } from "node:fs/promises";
import path from "node:path";

/** Folder name → fingerprint of all its files; key "" stands for the files beside the folders (the import map). */
export type FolderPrints = Map<string, string>;

async function filesUnder(dir: string): Promise<string[]> {
  const entries = await readdir(dir, { withFileTypes: true }).catch(() => []);
  const nested = entries.map((entry) => {
    const full = path.join(dir, entry.name);
    if (entry.isDirectory()) return entry.name === "node_modules" ? [] : filesUnder(full);
    return entry.isFile() ? [full] : [];
  });
  return (await Promise.all(nested)).flat().sort();
}

/** Reads every file's size and time, which costs a few milliseconds for a few hundred files. */
export async function printFolders(functionsDir: string): Promise<FolderPrints> {
  const hashes = new Map<string, ReturnType<typeof createHash>>();
  for (const file of await filesUnder(functionsDir)) {
    const relative = path.relative(functionsDir, file);
    const folder = relative.includes(path.sep) ? (relative.split(path.sep)[0] ?? "") : "";
    // A file may vanish between listing and looking; its absence then shows in the next print.
    const info = await stat(file).catch(() => null);
    if (!info) continue;
    const hash = hashes.get(folder) ?? createHash("sha1");
    hash.update(`${relative}\0${info.size}\0${info.mtimeMs}\n`);
    hashes.set(folder, hash);
  }
  return new Map([...hashes].map(([folder, hash]) => [folder, hash.digest("hex")]));
}

/** Returns the names of folders that hold a function: an index.ts, and no name that begins with "_" or ".". */
export async function listFunctions(functionsDir: string): Promise<string[]> {
  const entries = await readdir(functionsDir, { withFileTypes: true });
  const names = entries.filter((entry) => entry.isDirectory() && /^[a-z0-9][a-z0-9-_]*$/i.test(entry.name));
  const kept = await Promise.all(
    names.map(async ({ name }) => ((await isFile(path.join(functionsDir, name, "index.ts"))) ? [name] : [])),
  );
  return kept.flat().sort();
}

async function isFile(file: string): Promise<boolean> {
  return (await stat(file).catch(() => null))?.isFile() ?? false;
}

/**
 * Takes the prints before and after. Returns the functions to reload: those whose own folder changed, those that
 * import from a changed folder (`../name/…`), and all when `_shared` or the import map changed.
 */
export async function findAffected(
  functionsDir: string,
  before: FolderPrints,
  after: FolderPrints,
  functions: string[],
): Promise<string[]> {
  const folders = new Set([...before.keys(), ...after.keys()]);
  const changed = [...folders].filter((folder) => before.get(folder) !== after.get(folder));
  if (changed.some((folder) => folder === "" || folder.startsWith("_"))) return functions;
  const affected = new Set(changed);
  for (const name of functions) {
    if (affected.has(name)) continue;
    const texts = await Promise.all(
      (await filesUnder(path.join(functionsDir, name))).map((f) => readFile(f, "utf8")),
    );
    const imports = (folder: string) => texts.some((text) => text.includes(`/${folder}/`));
    if (changed.some(imports)) affected.add(name);
  }
  return functions.filter((name) => affected.has(name));
}
