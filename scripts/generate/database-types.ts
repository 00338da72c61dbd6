// The TypeScript types of the database's public schema, as the Supabase CLI reads them from a migrated database.

import { format, type GeneratedFile } from "../tools/generated-file.ts";
import { runTool } from "../tools/run-tool.ts";

const PATH = "supabase/functions/_shared/db/database.types.ts";
const HEADER = "// Generated from the migrations by `npm run generate`: do not edit.\n";

/** @param databaseUrl a database with all migrations applied */
export async function databaseTypes(databaseUrl: string): Promise<GeneratedFile> {
  const { code, stdout, stderr } = await runTool("supabase", [
    "gen",
    "types",
    `--remote=${databaseUrl}`,
    "--schema",
    "public",
  ]);
  // Notices about the connection are printed first, on the same stream.
  const start = stdout.indexOf("export type Json");
  if (code !== 0 || start < 0) throw new Error(`supabase gen types failed: ${stdout}${stderr}`);
  return { path: PATH, text: HEADER + (await format(PATH, stdout.slice(start))) };
}
