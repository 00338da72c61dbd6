// Whether the deployed packages are the tested ones: compares deno.lock, which the bundler of functions reads, with
// package-lock.json, by which everything here is installed.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { PROJECT_DIR } from "../tools/run-tool.ts";

interface DenoLock {
  version: string;
  /** The specifiers of the import map, each with the version it resolved to. */
  specifiers: Record<string, string>;
  npm: Record<string, { integrity: string }>;
}
interface PackageLock {
  packages: Record<string, { version?: string; integrity?: string }>;
}
interface ImportMap {
  imports: Record<string, string>;
}

const STALE = "run npm run lock and commit supabase/functions/deno.lock";

/** Complaints, none if the two agree. */
export function compareLocks(deno: DenoLock, npm: PackageLock, map: ImportMap): string[] {
  const complaints: string[] = [];
  // Version 5 can't be read by the hosted runtime's Deno 2.1.
  if (deno.version !== "4") complaints.push(`deno.lock has version ${deno.version}, not 4: ${STALE}`);
  const wanted = Object.values(map.imports).map((target) =>
    target.replace(/^npm:\/?((?:@[^/]+\/)?[^/]+).*$/, "npm:$1"),
  );
  for (const specifier of new Set(wanted))
    if (!deno.specifiers[specifier]) complaints.push(`deno.lock lacks ${specifier}: ${STALE}`);
  for (const specifier of Object.keys(deno.specifiers))
    if (!wanted.includes(specifier))
      complaints.push(`deno.lock has ${specifier}, which nothing asks for: ${STALE}`);
  for (const [key, { integrity }] of Object.entries(deno.npm)) {
    const [, name, version] = /^((?:@[^/]+\/)?[^@]+)@([^_]+)/.exec(key) ?? [];
    const tested = npm.packages[`node_modules/${name}`];
    if (tested?.version !== version)
      complaints.push(
        `${name} is tested as ${tested?.version ?? "nothing"} and deployed as ${version}: ${STALE}`,
      );
    else if (tested?.integrity !== integrity)
      complaints.push(`${name}@${version} is another file in deno.lock than in package-lock.json.`);
  }
  return complaints;
}

/** Compares the project's own locks. @returns complaints, none if they agree */
export async function checkLocks(): Promise<string[]> {
  const read = async (path: string) => JSON.parse(await readFile(join(PROJECT_DIR, path), "utf8"));
  return compareLocks(
    await read("supabase/functions/deno.lock"),
    await read("package-lock.json"),
    await read("supabase/functions/import_map.json"),
  );
}
