// Writes pgmq and the stand-ins for pg_cron, pg_net and supabase_vault into a server's extension folder.
import { randomBytes } from "node:crypto";
import { readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { buildPgmqSql, PGMQ_VERSION } from "./build-pgmq-sql.ts";

/** `trusted`: `postgres`, which is no superuser, may create them, and their objects still belong to the superuser. */
const CONTROL: Record<string, string[]> = {
  pgmq: ["comment = 'A lightweight message queue'", `default_version = '${PGMQ_VERSION}'`, "schema = 'pgmq'"],
  pg_cron: ["comment = 'Job scheduler for PostgreSQL'", "default_version = '1.6.4'", "schema = 'pg_catalog'"],
  pg_net: ["comment = 'Async HTTP'", "default_version = '0.19.5'"],
  supabase_vault: [
    "comment = 'Supabase Vault Extension'",
    "default_version = '0.3.1'",
    "schema = 'vault'",
    "requires = 'pgcrypto'",
  ],
};

const STAND_INS = ["pg_cron--1.6.4.sql", "pg_net--0.19.5.sql", "supabase_vault--0.3.1.sql"];

/**
 * Makes `create extension pgmq | pg_cron | pg_net | supabase_vault` possible. Several stacks may share the folder: files
 * are replaced in one step, and only when their text differs. Throws when the folder cannot be written.
 * @param extensionFolder the server's `share/postgresql/extension`
 */
export async function installExtensions(extensionFolder: string): Promise<void> {
  const files = new Map<string, string>();
  for (const [name, lines] of Object.entries(CONTROL)) {
    files.set(
      `${name}.control`,
      [...lines, "relocatable = false", "trusted = true", "superuser = true", ""].join("\n"),
    );
  }
  files.set(`pgmq--${PGMQ_VERSION}.sql`, await buildPgmqSql());
  for (const name of STAND_INS) {
    files.set(name, await readFile(new URL(`./extensions/${name}`, import.meta.url), "utf8"));
  }
  for (const [name, text] of files) await replaceIfDifferent(join(extensionFolder, name), text);
}

async function replaceIfDifferent(path: string, text: string): Promise<void> {
  if ((await readFile(path, "utf8").catch(() => undefined)) === text) return;
  const draft = `${path}.${process.pid}.${randomBytes(4).toString("hex")}`;
  try {
    await writeFile(draft, text, { mode: 0o644 });
    await rename(draft, path);
  } catch (cause) {
    await rm(draft, { force: true });
    throw new Error(`Cannot write ${path}. Make the folder writable for this user, then start again.`, {
      cause,
    });
  }
}
