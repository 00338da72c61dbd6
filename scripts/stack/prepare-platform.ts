// Sets what migrations cannot know: the worker role's password, and the secrets by which the database calls the worker.
import postgres from "postgres";

export type PlatformSecrets = {
  /** URL as the superuser. */
  adminUrl: string;
  workerPassword: string;
  /** Vault secrets by name; existing ones are brought up to date. */
  vault: Record<string, string>;
};

/** Runs after the migrations, at every start. Throws on SQL errors. */
export async function preparePlatform(secrets: PlatformSecrets): Promise<void> {
  const sql = postgres(secrets.adminUrl, { max: 1, onnotice: () => {} });
  try {
    const [worker] = await sql`select from pg_catalog.pg_roles where rolname = 'worker' and rolcanlogin`;
    if (worker)
      await sql.unsafe(`alter role worker password '${secrets.workerPassword.replaceAll("'", "''")}'`);
    for (const [name, value] of Object.entries(secrets.vault)) {
      const [saved] =
        await sql`select id, decrypted_secret from vault.decrypted_secrets where name = ${name}`;
      if (!saved) await sql`select vault.create_secret(${value}, ${name})`;
      else if (saved.decrypted_secret !== value) await sql`select vault.update_secret(${saved.id}, ${value})`;
    }
  } finally {
    await sql.end({ timeout: 5 });
  }
}
