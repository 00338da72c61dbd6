// Stops a database server that a killed run left behind, wherever the stack's files are stored.
import { join } from "node:path";
import { farFolder } from "./choose-database-folder.ts";
import { stopLeftover } from "./stop-leftover.ts";

/** Run it before ports are checked: a leftover server holds the database's port. Throws when a running stack uses the folder. */
export async function clearLeftovers(dataDir: string, superuserPassword: string): Promise<void> {
  for (const folder of [join(dataDir, "database"), farFolder(dataDir)])
    await stopLeftover(folder, superuserPassword);
}
