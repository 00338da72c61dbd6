// Makes a fresh server look like a new hosted project: roles, rights, auth, storage, realtime, vault.
import { readFile } from "node:fs/promises";
import postgres from "postgres";
import { createAuthAndStorage } from "../gateway/create-auth-and-storage.ts";

export type BootstrapOptions = {
  /** URL as the superuser. */
  adminUrl: string;
  /** Password `postgres` logs in with (the CLI's local one is `postgres`). */
  postgresPassword: string;
  /** Password of `authenticator`, which may become anon, authenticated and service_role. */
  authenticatorPassword: string;
};

/** Runs at every start: each part either is done once, in one transaction, or can be repeated. Throws on SQL errors. */
export async function bootstrapDatabase(options: BootstrapOptions): Promise<void> {
  const sql = postgres(options.adminUrl, { max: 1, onnotice: () => {} });
  try {
    const [existing] = await sql`select from pg_catalog.pg_roles where rolname = 'postgres'`;
    if (!existing) {
      const { postgresPassword, authenticatorPassword } = options;
      const text = fill(await bootstrapFile("roles.sql"), { postgresPassword, authenticatorPassword });
      await sql.begin((tx) => tx.unsafe(text).simple());
    }
    await createAuthAndStorage(options);
    await run(sql, await bootstrapFile("auth-metadata.sql"));
    await run(sql, await bootstrapFile("storage-metadata.sql"));
    await run(sql, await bootstrapFile("storage-guard.sql"));
    await run(sql, await readFile(new URL("../realtime/schema.sql", import.meta.url), "utf8"));
  } finally {
    await sql.end({ timeout: 5 });
  }
}

async function run(sql: postgres.Sql, text: string): Promise<void> {
  await sql.begin((tx) => tx.unsafe(text).simple());
}

function bootstrapFile(name: string): Promise<string> {
  return readFile(new URL(`./bootstrap/${name}`, import.meta.url), "utf8");
}

/** Fills in `{{name}}` as a quoted SQL literal (create role takes no parameters). */
function fill(text: string, values: Record<string, string>): string {
  return text.replace(/\{\{(\w+)\}\}/g, (_, name: string) => {
    const value = values[name];
    if (value === undefined) throw new Error(`roles.sql names {{${name}}}, which has no value.`);
    return `'${value.replaceAll("'", "''")}'`;
  });
}
