// Writes what clients of a running platform need into `<data folder>/env`, with the Supabase CLI's names, and reads .env.
import { readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseEnv } from "node:util";

export type SupabaseEnv = {
  API_URL: string;
  DB_URL: string;
  /** The transaction pooler. The CLI has no name for it. */
  POOLER_URL: string;
  FUNCTIONS_URL: string;
  PUBLISHABLE_KEY: string;
  SECRET_KEY: string;
  JWT_SECRET: string;
};

/** Replaces the file in one step; it holds secrets, so only its owner may read it. Values are quoted for shells. */
export async function writeEnvFile(dataDir: string, env: Record<string, string>): Promise<void> {
  const path = join(dataDir, "env");
  const lines = Object.entries(env).map(([name, value]) => `${name}="${value}"\n`);
  await writeFile(`${path}.new`, lines.join(""), { mode: 0o600 });
  await rename(`${path}.new`, path);
}

/** Variables of a .env file; empty if there is none. */
export async function readEnvFile(path: string): Promise<Record<string, string>> {
  const text = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return "";
    throw error;
  });
  return parseEnv(text) as Record<string, string>;
}
