// Composes supabase/migrations from supabase/schemas: one file per area, in the order of config.toml, until 1.0 freezes them.
import { readFile } from "node:fs/promises";
import { listSchemaFiles } from "./list-schema-files.ts";

/** Versions of migrations are times; these only have to be in order. */
const FIRST_VERSION = 20_261_201_000_000;
const STEP = 100;

/**
 * @param supabaseDir the folder that has config.toml and schemas/
 * @returns name and content of each file of supabase/migrations
 * @throws if an area's files are not together in the list, because one area is one migration
 */
export async function composeMigrations(supabaseDir: string): Promise<Map<string, string>> {
  const migrations = new Map<string, string>();
  const names = new Map<string, string>();
  let last = "";
  for (const { area, path } of await listSchemaFiles(supabaseDir)) {
    if (area !== last && names.has(area))
      throw new Error(
        `config.toml: db.migrations.schema_paths has ${path} apart from the other files of ${area}.`,
      );
    last = area;
    const name =
      names.get(area) ?? `${FIRST_VERSION + (names.size + 1) * STEP}_${area.replaceAll("-", "_")}.sql`;
    names.set(area, name);
    const text = (await readFile(`${supabaseDir}/${path}`, "utf8")).trim();
    migrations.set(name, `${migrations.get(name) ?? opening(area)}\n-- ${path}\n\n${text}\n`);
  }
  return migrations;
}

function opening(area: string): string {
  return `-- Written from supabase/schemas/${area} by npm run generate: change it there.

-- A function may call one that comes later.
set check_function_bodies = off;
`;
}
