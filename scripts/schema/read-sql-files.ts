// Reads the SQL of a project, file by file: the current schema files, and the migrations in order.
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { listSchemaFiles } from "./list-schema-files.ts";

export interface SqlFile {
  /** Relative to the project's folder. */
  path: string;
  text: string;
}

/** @param projectDir the folder that has supabase/ */
export async function readSchemaFiles(projectDir: string): Promise<SqlFile[]> {
  const paths = (await listSchemaFiles(join(projectDir, "supabase"))).map(({ path }) => `supabase/${path}`);
  return readAll(projectDir, paths);
}

/** In the order in which they are applied. */
export async function readMigrations(projectDir: string): Promise<SqlFile[]> {
  const names = (await readdir(join(projectDir, "supabase/migrations"))).filter((name) =>
    name.endsWith(".sql"),
  );
  return readAll(
    projectDir,
    names.sort().map((name) => `supabase/migrations/${name}`),
  );
}

function readAll(projectDir: string, paths: string[]): Promise<SqlFile[]> {
  return Promise.all(
    paths.map(async (path) => ({ path, text: await readFile(join(projectDir, path), "utf8") })),
  );
}
