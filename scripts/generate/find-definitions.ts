// Which migration holds the body of each function that is in force: migrations are never edited, so a changed one stands in several.
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { PROJECT_DIR } from "../tools/run-tool.ts";

const FOLDER = "supabase/migrations";
const CREATE = /^create (?:or replace )?function ((?:public|private)\.\w+)\s*\(/gim;

/** @returns the file name of the last migration that creates each function, by its name with the schema */
export async function findDefinitions(): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  const files = (await readdir(join(PROJECT_DIR, FOLDER))).filter((name) => name.endsWith(".sql")).sort();
  for (const file of files) {
    const text = await readFile(join(PROJECT_DIR, FOLDER, file), "utf8");
    for (const [, name] of text.matchAll(CREATE)) found.set((name as string).toLowerCase(), file);
  }
  return found;
}
