// Deletes what a platform keeps in its data folder.
import { existsSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { farFolder } from "./database/choose-database-folder.ts";
import { clearLeftovers } from "./database/clear-leftovers.ts";
import { readKeys } from "./read-keys.ts";

/** Everything of one platform; the folders of platforms on other ports are beside it and are left alone. */
const PARTS = ["database", "storage", "cli", "keys.json", "env"];

/**
 * Deletes database, objects, keys and env file. A server that a killed run left on this folder is stopped first; throws
 * when a running platform uses it. Does nothing if the folder does not exist.
 */
export async function removeData(dataDir: string): Promise<void> {
  if (!existsSync(dataDir)) return;
  await clearLeftovers(dataDir, (await readKeys(dataDir)).superuserPassword);
  await rm(farFolder(dataDir), { recursive: true, force: true });
  for (const part of PARTS) await rm(join(dataDir, part), { recursive: true, force: true });
}
