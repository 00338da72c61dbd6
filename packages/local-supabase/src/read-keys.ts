// The keys and passwords of one platform: made at random once, kept in its data folder.
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
};

const MAKERS: { [Name in keyof Keys]: () => string } = {
  publishableKey: () => `sb_publishable_${randomText(24)}`,
  secretKey: () => `sb_secret_${randomText(24)}`,
  jwtSecret: () => randomText(48),
  superuserPassword: () => randomText(24),
  authenticatorPassword: () => randomText(24),
};

/** Returns the platform's own keys. */
export function readKeys(dataDir: string): Promise<Keys> {
  return readSecrets(dataDir, MAKERS);
}

/**
 * Returns secrets by name out of the data folder's `keys.json`, which only its owner may read. A name that is missing there
 * gets a secret from its function in `makers`; other names are left alone, so that a project can keep its own secrets there.
 */
export async function readSecrets<Name extends string>(
  dataDir: string,
  makers: Record<Name, () => string>,
): Promise<Record<Name, string>> {
  const path = join(dataDir, "keys.json");
  const saved = await readFile(path, "utf8").then(
    (text) => JSON.parse(text) as Record<string, string>,
    () => ({}) as Record<string, string>,
  );
  const names = Object.keys(makers) as Name[];
  const secrets = Object.fromEntries(names.map((name) => [name, saved[name] ?? makers[name]()])) as Record<
    Name,
    string
  >;
  if (names.some((name) => saved[name] === undefined)) {
    await mkdir(dataDir, { recursive: true });
    await writeFile(`${path}.new`, JSON.stringify({ ...saved, ...secrets }, null, 2), { mode: 0o600 });
    await rename(`${path}.new`, path);
  }
  return secrets;
}

/** Letters, digits, "-" and "_". */
export function randomText(bytes: number): string {
  return randomBytes(bytes).toString("base64url");
}
