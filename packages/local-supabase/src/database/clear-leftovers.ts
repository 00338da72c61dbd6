// Stops a database server that a killed run left behind, wherever the stack's files lie.
import { join } from "node:path";
import { farFolder } from "./choose-database-folder.ts";
import { stopLeftover } from "./stop-leftover.ts";

/** Before ports are checked: the leftover would hold the database's. Throws when a living stack uses the folder. */
export async function clearLeftovers(dataDir: string, superuserPassword: string): Promise<void> {
  for (const folder of [join(dataDir, "database"), farFolder(dataDir)])
    await stopLeftover(folder, superuserPassword);
}
