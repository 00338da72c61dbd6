// The keys and passwords of one stack: made at random once, kept in its data folder.
import { randomBytes } from "node:crypto";
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";

export type Keys = {
  publishableKey: string;
  secretKey: string;
  /** Signs users' tokens (HS256). */
  jwtSecret: string;
  /** Password of the superuser `supabase_admin`. */
  superuserPassword: string;
  authenticatorPassword: string;
  /** Password of the login role `worker`, which a migration creates without one. */
  workerPassword: string;
  /** What the worker function asks of its caller. */
  workerSecret: string;
  demoPassword: string;
};

/** Returns the folder's keys, making them (readable by the owner only) where there are none. */
export async function readKeys(dataDir: string): Promise<Keys> {
  const path = join(dataDir, "keys.json");
  const saved = await readFile(path, "utf8").catch(() => undefined);
  if (saved !== undefined) return JSON.parse(saved) as Keys;
  const keys = makeKeys();
  await mkdir(dataDir, { recursive: true });
  await writeFile(`${path}.new`, JSON.stringify(keys, null, 2), { mode: 0o600 });
  await rename(`${path}.new`, path);
  return keys;
}

function makeKeys(): Keys {
  return {
    publishableKey: `sb_publishable_${random(24)}`,
    secretKey: `sb_secret_${random(24)}`,
    jwtSecret: random(48),
    superuserPassword: random(24),
    authenticatorPassword: random(24),
    workerPassword: random(24),
    workerSecret: random(32),
    // Letters, digits and a sign, for password rules that ask for each.
    demoPassword: `Demo-${random(12)}1`,
  };
}

function random(bytes: number): string {
  return randomBytes(bytes).toString("base64url");
}
