// Deletes what a stack keeps in its data folder.
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { farFolder } from "./database/choose-database-folder.ts";
import { clearLeftovers } from "./database/clear-leftovers.ts";
import { readKeys } from "./read-keys.ts";

/** Everything of one stack; folders of stacks on other ports, which lie beside it, are left alone. */
const PARTS = ["database", "storage", "cli", "keys.json", "env"];

/**
 * Deletes database, objects, keys and env file. A server that a killed run left on this folder is stopped first; throws
 * when a living stack uses it.
 */
export async function removeData(dataDir: string): Promise<void> {
  await clearLeftovers(dataDir, (await readKeys(dataDir)).superuserPassword);
  await rm(farFolder(dataDir), { recursive: true, force: true });
  for (const part of PARTS) await rm(join(dataDir, part), { recursive: true, force: true });
}
