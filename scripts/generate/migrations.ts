// supabase/migrations as they follow from supabase/schemas.
import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { composeMigrations } from "../schema/compose-migrations.ts";
import { isFresh, write } from "../tools/generated-file.ts";
import { PROJECT_DIR } from "../tools/run-tool.ts";

const FOLDER = "supabase/migrations";

/**
 * Needs no database: what a database is made of comes first.
 * @returns a line for each file that was stale (and, without `checkOnly`, has been written or removed)
 */
export async function generateMigrations(checkOnly: boolean): Promise<string[]> {
  const stale: string[] = [];
  const migrations = await composeMigrations(join(PROJECT_DIR, "supabase"));
  for (const [name, text] of migrations) {
    const file = { path: `${FOLDER}/${name}`, text };
    if (await isFresh(file)) continue;
    stale.push(file.path);
    if (!checkOnly) await write(file);
  }
  for (const name of await readdir(join(PROJECT_DIR, FOLDER))) {
    if (!name.endsWith(".sql") || migrations.has(name)) continue;
    stale.push(`${FOLDER}/${name} (nothing of supabase/schemas makes it)`);
    if (!checkOnly) await rm(join(PROJECT_DIR, FOLDER, name));
  }
  return stale;
}
