// The Edge Functions of the project: folders of supabase/functions with an index.ts, shared ones (_shared) left out.
import { existsSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { PROJECT_DIR } from "../tools/run-tool.ts";

export interface FunctionEntry {
  name: string;
  /** Absolute path of its index.ts. */
  entry: string;
}

export async function findFunctions(): Promise<FunctionEntry[]> {
  const folder = join(PROJECT_DIR, "supabase", "functions");
  const names = (await readdir(folder)).filter((name) => !name.startsWith("_")).sort();
  return names
    .map((name) => ({ name, entry: join(folder, name, "index.ts") }))
    .filter(({ entry }) => existsSync(entry));
}
