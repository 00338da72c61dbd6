// supabase/migrations and supabase/schemas make the same database.
import { generateMigrations } from "../generate/migrations.ts";
import { areMigrationsFrozen } from "../schema/are-migrations-frozen.ts";
import { compareMigrations } from "../schema/compare-migrations.ts";
import { explainDifferences } from "../schema/explain-differences.ts";
import { checkFrozen } from "../schema/frozen-migrations.ts";
import { readMigrations, readSchemaFiles } from "../schema/read-sql-files.ts";

const WRITE_ONE = "npm run migrations -- draft NAME begins a migration: docs/changing-sql.md.";

/** Compares text while migrations are generated; applies them once they are frozen. @returns complaints, none if all is well */
export async function checkMigrations(projectDir: string): Promise<string[]> {
  if (!(await areMigrationsFrozen(projectDir))) {
    const stale = await generateMigrations({ projectDir, checkOnly: true });
    return stale.length === 0 ? [] : [...stale, "Run npm run generate and commit what it writes."];
  }
  const broken = await checkFrozen(projectDir);
  return broken.length > 0 ? broken : judgeMigrations(projectDir);
}

/** Applies both to fresh databases, for any version. @returns complaints, none if all is well */
export async function judgeMigrations(projectDir: string): Promise<string[]> {
  const { differences } = await compareMigrations(projectDir);
  if (differences.length === 0) return [];
  const files = await Promise.all([readSchemaFiles(projectDir), readMigrations(projectDir)]);
  return [...explainDifferences(differences, ...files), WRITE_ONE];
}
