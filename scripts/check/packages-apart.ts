// Packages are independent of the project: they import nothing of it, and name no table or function of its database.
import { readdir, readFile } from "node:fs/promises";
import { builtinModules } from "node:module";
import { dirname, join, normalize } from "node:path";
import { PROJECT_DIR } from "../tools/run-tool.ts";

/** Names of the project that mean something else in a package. */
const ALSO_MEANS: Record<string, string> = {
  broadcast_changes: "the function of Realtime, realtime.broadcast_changes",
  phone_numbers: "the list of a Messaging Service's numbers, in Twilio's API",
};

export interface PackageFile {
  /** Path within its package. */
  path: string;
  text: string;
}

/** A relative path in quotes, as in imports and URLs of files. */
const RELATIVE_PATH = /["'`](\.{1,2}\/[^"'`\s$]*)["'`]/g;
/** The name in an import, an export or a resolved path, unless it is relative. */
const IMPORTED_NAME =
  /(?:^import |^(?:import|export) [^"'\n]* from |^\} from |\bimport\(|\bresolve\(|\brequire\()["']([^."'][^"']*)["']/gm;

/**
 * Finds what a package's file imports from outside its folder and the packages it lists.
 * @param listed names of its dependencies
 */
export function findForeignImports({ path, text }: PackageFile, listed: ReadonlySet<string>): string[] {
  const outside = [...text.matchAll(RELATIVE_PATH)]
    .map(([, target = ""]) => target)
    .filter((target) => normalize(join(dirname(path), target)).startsWith(".."));
  const unlisted = [...text.matchAll(IMPORTED_NAME)]
    .map(([, name = ""]) => name)
    .filter((name) => !isBuiltIn(name) && !listed.has(packageOf(name)));
  return [...outside, ...unlisted];
}

const isBuiltIn = (name: string) => name.startsWith("node:") || builtinModules.includes(name);
const packageOf = (name: string) => name.split("/", name.startsWith("@") ? 2 : 1).join("/");

/** Names of all tables, views and functions that SQL creates in the schemas public and private. */
export function findDatabaseNames(sql: string): Set<string> {
  const created =
    /\bcreate\s+(?:or\s+replace\s+)?(?:unlogged\s+)?(?:table|view|materialized\s+view|function|procedure)\s+(?:if\s+not\s+exists\s+)?(?:public|private)\.(\w+)/gi;
  return new Set([...sql.matchAll(created)].map(([, name = ""]) => name));
}

/**
 * Finds names of the project's database in a text: with their schema, in a call by supabase-js, or as a separate word if the name
 * has an underscore. A single word such as `messages` means too many other things to be looked for.
 */
export function findForeignNames(text: string, names: ReadonlySet<string>): string[] {
  const qualified = [...text.matchAll(/\b(?:public|private)\.(\w+)/g)];
  const called = [...text.matchAll(/\.(?:from|rpc)\(\s*["'`](\w+)["'`]/g)];
  const words = [...text.matchAll(/\b[a-z]+(?:_[a-z0-9]+)+\b/g)].filter(([word]) => !(word in ALSO_MEANS));
  const found = [...qualified, ...called].map(([, name = ""]) => name).concat(words.map(([word]) => word));
  return [...new Set(found)].filter((name) => names.has(name));
}

/** @returns complaints, none if all packages are independent */
export async function checkPackages(): Promise<string[]> {
  const migrations = await readFiles("supabase/migrations", /\.sql$/);
  const names = findDatabaseNames(migrations.map(({ text }) => text).join("\n"));
  const complaints: string[] = [];
  for (const name of await readdir(join(PROJECT_DIR, "packages"))) {
    const folder = `packages/${name}`;
    const manifest = JSON.parse(await readFile(join(PROJECT_DIR, folder, "package.json"), "utf8"));
    const listed = new Set(Object.keys({ ...manifest.dependencies, ...manifest.devDependencies }));
    for (const file of await readFiles(folder, /\.(?:ts|mjs|json|sql|toml|md)$/)) {
      const at = `${folder}/${file.path}`;
      if (/\.(?:ts|mjs)$/.test(file.path))
        for (const target of findForeignImports(file, listed))
          complaints.push(
            `${at} imports ${target}: list it in ${folder}/package.json, or take it as an option`,
          );
      for (const found of findForeignNames(file.text, names))
        complaints.push(`${at} names ${found}, which is the project's: take it as an option`);
    }
  }
  return complaints;
}

async function readFiles(folder: string, wanted: RegExp): Promise<PackageFile[]> {
  const root = join(PROJECT_DIR, folder);
  const paths = (await readdir(root, { recursive: true }))
    .filter((path) => wanted.test(path) && !path.split("/").includes("node_modules"))
    .sort();
  return Promise.all(paths.map(async (path) => ({ path, text: await readFile(join(root, path), "utf8") })));
}
