// Decides where a stack's database files are stored.
import { createHash } from "node:crypto";
import { chmod, chown, mkdir, stat } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { canReach } from "./can-reach.ts";
import type { Account } from "./choose-account.ts";
import { SHARED_FOLDER } from "./find-server.ts";

/**
 * Returns the folder for the server's files, made and owned by the account that runs the server: `<dataDir>/database`,
 * or, if that account cannot enter dataDir's parents (root's home), a folder under /var/tmp named after dataDir.
 */
export async function chooseDatabaseFolder(dataDir: string, account: Account | undefined): Promise<string> {
  await mkdir(dataDir, { recursive: true });
  // Only the folder that the stack itself made is opened (its secrets are 0600), never a parent folder of the user's.
  if (account) await chmod(dataDir, 0o755);
  const folder = canReach(dataDir, account) ? join(dataDir, "database") : farFolder(dataDir);
  await mkdir(dirname(folder), { recursive: true });
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const owner = (await stat(folder)).uid;
  if (account && owner === 0) await chown(folder, account.uid, account.gid);
  else if (owner !== (account?.uid ?? process.getuid?.() ?? owner)) {
    throw new Error(
      `${folder} belongs to another user (uid ${owner}). Remove it, or choose another data folder.`,
    );
  }
  return folder;
}

/** The folder used instead of `<dataDir>/database` when the server's account cannot enter it. */
export function farFolder(dataDir: string): string {
  const mark = createHash("sha256").update(resolve(dataDir)).digest("hex").slice(0, 16);
  return join(SHARED_FOLDER, `database-${mark}`);
}
