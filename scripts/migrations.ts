// npm run migrations -- compare | draft NAME | freeze: for 1.0.0 and later, when migrations are written by hand.
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { judgeMigrations } from "./check/check-migrations.ts";
import { areMigrationsFrozen } from "./schema/are-migrations-frozen.ts";
import { compareMigrations } from "./schema/compare-migrations.ts";
import { draftMigration, nextVersion } from "./schema/draft-migration.ts";
import { FROZEN_PATH, freezeMigrations } from "./schema/frozen-migrations.ts";
import { readMigrations, readSchemaFiles } from "./schema/read-sql-files.ts";
import { PROJECT_DIR } from "./tools/run-tool.ts";

const USAGE = `npm run migrations -- compare      what supabase/migrations and supabase/schemas make differently
npm run migrations -- draft NAME   begins the migration that makes them equal: supabase/migrations/<time>_NAME.sql
npm run migrations -- freeze       at a release: writes what is in supabase/migrations to ${FROZEN_PATH}`;

class Refused extends Error {}

async function compare(): Promise<string> {
  const complaints = await judgeMigrations(PROJECT_DIR);
  if (complaints.length > 0) throw new Refused(complaints.join("\n\n"));
  return "Migrations make what the schema files make.";
}

async function draft(name: string): Promise<string> {
  if (!/^[a-z][a-z0-9_]{2,60}$/.test(name))
    throw new Refused(
      `NAME is "${name}"; it says what the migration does, in letters a to z, digits and _: add_lead_notes.`,
    );
  await requireFrozen("npm run generate writes them from supabase/schemas.");
  const comparison = await compareMigrations(PROJECT_DIR);
  if (comparison.differences.length === 0)
    throw new Refused(
      "Migrations make what the schema files make: there is nothing to write. Change a schema file first.",
    );
  const names = (await readMigrations(PROJECT_DIR)).map(({ path }) => path.replace(/^.*\//, ""));
  const path = `supabase/migrations/${nextVersion(names, new Date())}_${name}.sql`;
  await writeFile(join(PROJECT_DIR, path), draftMigration(comparison, await readSchemaFiles(PROJECT_DIR)));
  return `wrote: ${path}`;
}

async function freeze(): Promise<string> {
  await requireFrozen("Set the version of the release first.");
  const complaints = await judgeMigrations(PROJECT_DIR);
  if (complaints.length > 0) throw new Refused(complaints.join("\n\n"));
  const added = await freezeMigrations(PROJECT_DIR);
  return added.length === 0
    ? "No migration is new since the last release."
    : added.map((one) => `frozen: ${one}`).join("\n");
}

async function requireFrozen(remedy: string): Promise<void> {
  if (!(await areMigrationsFrozen(PROJECT_DIR)))
    throw new Refused(`Migrations are not frozen before version 1.0.0 of package.json. ${remedy}`);
}

const [command, name = "", ...rest] = process.argv.slice(2);
try {
  if (command === "compare" && name === "") console.log(await compare());
  else if (command === "draft" && rest.length === 0) console.log(await draft(name));
  else if (command === "freeze" && name === "") console.log(await freeze());
  else throw new Refused(USAGE);
} catch (error) {
  console.error(error instanceof Refused ? error.message : error);
  process.exitCode = 1;
}
