// Makes the files of a new database server (initdb).
import { randomBytes } from "node:crypto";
import { chown, readdir, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { type Account, asAccount } from "./choose-account.ts";
import type { Server } from "./find-server.ts";
import { runProgram } from "./run-program.ts";

/**
 * LC_CTYPE must know UTF-8, or pg_trgm takes "ñ" for a blank; names differ by system. Sorting is ICU's en-US, as on
 * hosted projects.
 */
const CTYPES = ["C.UTF-8", "en_US.UTF-8", "UTF-8"];

/** Whether the folder holds a complete server: the key is written when initdb has ended. */
export async function isInitialized(folder: string): Promise<boolean> {
  return (await readdir(folder).catch((): string[] => [])).includes("vault.key");
}

/**
 * Fills an empty folder, with `supabase_admin` as superuser. Leftovers of an initdb that was killed are removed first.
 * Throws with initdb's own words when it fails.
 */
export async function initDatabase(
  server: Server,
  folder: string,
  account: Account | undefined,
  superuserPassword: string,
): Promise<void> {
  // Beside the folder, which the account can reach; the temporary folder may be closed to it (TMPDIR of root).
  const passwordFile = join(dirname(folder), `pw-${randomBytes(8).toString("hex")}`);
  await writeFile(passwordFile, `${superuserPassword}\n`, { mode: 0o600 });
  if (account) await chown(passwordFile, account.uid, account.gid);
  try {
    await tryLocales(server, folder, account, passwordFile);
  } finally {
    await rm(passwordFile, { force: true });
  }
  const key = join(folder, "vault.key");
  await writeFile(key, randomBytes(32).toString("hex"), { mode: 0o600 });
  if (account) await chown(key, account.uid, account.gid);
}

async function tryLocales(
  server: Server,
  folder: string,
  account: Account | undefined,
  passwordFile: string,
) {
  let failure: unknown;
  for (const ctype of CTYPES) {
    for (const name of await readdir(folder)) await rm(join(folder, name), { recursive: true, force: true });
    try {
      await runProgram(
        server.initdb,
        [
          "-D",
          folder,
          "-U",
          "supabase_admin",
          "--pwfile",
          passwordFile,
          "-A",
          "scram-sha-256",
          "-E",
          "UTF8",
          "--locale=C",
          `--lc-ctype=${ctype}`,
          "--locale-provider=icu",
          "--icu-locale=en-US",
          // The server is started right after; a crash within those two seconds only means running this again.
          "--no-sync",
          "--no-instructions",
        ],
        { cwd: "/", ...asAccount(account) },
      );
      return;
    } catch (error) {
      // Only a locale name that this system does not know is a reason to try the next one.
      if (!/invalid locale name/.test((error as Error).message)) throw error;
      failure = error;
    }
  }
  throw failure;
}
