// A copy of the fixture project, which a test may change.
import { cp, mkdtemp, realpath, symlink } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const PROJECT = fileURLToPath(new URL("./fixtures/project", import.meta.url));

/** Returns the folder of the copy: deno.json, supabase/ and a link to node_modules. The caller deletes it. */
export async function copyProject(): Promise<string> {
  // The real path: on macOS the temporary folder is a link, and Deno compares real paths with what it may read.
  const folder = await realpath(await mkdtemp(join(tmpdir(), "local-supabase-project-")));
  await cp(PROJECT, folder, { recursive: true });
  await symlink(nodeModules(), join(folder, "node_modules"));
  return folder;
}

/** The folder that npm put the functions' packages into. */
function nodeModules(): string {
  const entry = createRequire(import.meta.url).resolve("hono");
  return entry.slice(0, entry.indexOf(join("node_modules", "hono")) + "node_modules".length);
}
