// Compares the database that supabase/migrations makes with that of supabase/schemas: each is applied to a fresh database.
import { cp, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startBareServer } from "local-supabase";
import { compareCatalogs, type Difference } from "./compare-catalogs.ts";
import { composeMigrations } from "./compose-migrations.ts";
import { type Catalog, readCatalog } from "./read-catalog.ts";

export interface Comparison {
  differences: Difference[];
  /** The catalog that the migrations make. */
  migrated: Catalog;
  /** The catalog that the schema files make. */
  wanted: Catalog;
}

/**
 * Takes some ten seconds: each side has a server of its own, because roles belong to a server and not to a database.
 * @param projectDir the folder that has supabase/
 * @throws if either side's SQL can't be applied
 */
export async function compareMigrations(projectDir: string): Promise<Comparison> {
  const folder = await mkdtemp(join(tmpdir(), "compare-migrations-"));
  try {
    const supabaseDir = join(projectDir, "supabase");
    const [migrations, schemas] = [join(folder, "migrations"), join(folder, "schemas")];
    for (const side of [migrations, schemas]) {
      await mkdir(join(side, "supabase/migrations"), { recursive: true });
      // Seeds are left out: they are the same files on both sides.
      await cp(join(supabaseDir, "config.toml"), join(side, "supabase/config.toml"));
    }
    await cp(join(supabaseDir, "migrations"), join(migrations, "supabase/migrations"), { recursive: true });
    for (const [name, text] of await composeMigrations(supabaseDir))
      await writeFile(join(schemas, "supabase/migrations", name), text);
    // One after the other: both look for free ports.
    const migrated = await readMade(migrations, "supabase/migrations");
    const wanted = await readMade(schemas, "supabase/schemas");
    return { differences: compareCatalogs(migrated.objects, wanted.objects), migrated, wanted };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** @param source the folder that the project's migrations were made from, for the error */
async function readMade(projectDir: string, source: string): Promise<Catalog> {
  const server = await startBareServer({ projectDir, durable: false }).catch((error: Error) => {
    throw new Error(`${source} can't be applied to a fresh database. ${error.message}`);
  });
  try {
    return await readCatalog(`${server.adminUrl}/${server.template}`);
  } finally {
    await server.stop();
  }
}
