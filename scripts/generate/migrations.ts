// Writes supabase/migrations from supabase/schemas, until they are frozen.
import { readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { areMigrationsFrozen } from "../schema/are-migrations-frozen.ts";
import { composeMigrations } from "../schema/compose-migrations.ts";

const FOLDER = "supabase/migrations";

export interface GenerateMigrationsOptions {
  /** The folder that has package.json and supabase/. */
  projectDir: string;
  /** Write nothing. */
  checkOnly: boolean;
}

/**
 * Needs no database, so it can run before one is made. Frozen migrations are left alone.
 * @returns a line for each file that was stale (and, without `checkOnly`, has been written or removed)
 */
export async function generateMigrations(options: GenerateMigrationsOptions): Promise<string[]> {
  const { projectDir, checkOnly } = options;
  if (await areMigrationsFrozen(projectDir)) return [];
  const folder = join(projectDir, FOLDER);
  const stale: string[] = [];
  const migrations = await composeMigrations(join(projectDir, "supabase"));
  for (const [name, text] of migrations) {
    const found = await readFile(join(folder, name), "utf8").catch(() => undefined);
    if (found === text) continue;
    stale.push(`${FOLDER}/${name}`);
    if (!checkOnly) await writeFile(join(folder, name), text);
  }
  for (const name of await readdir(folder)) {
    if (!name.endsWith(".sql") || migrations.has(name)) continue;
    stale.push(`${FOLDER}/${name} (nothing of supabase/schemas makes it)`);
    if (!checkOnly) await rm(join(folder, name));
  }
  return stale;
}
