// Sets what migrations cannot know: passwords of login roles that they create without one, and secrets of the Vault.
import postgres from "postgres";

export type DatabaseSecrets = {
  /** Passwords by role. A role that does not exist, or may not log in, is left alone. */
  rolePasswords?: Record<string, string>;
  /** Vault secrets by name; existing ones are brought up to date. */
  vaultSecrets?: Record<string, string>;
};

/**
 * Runs after the migrations, at every start. Throws on SQL errors.
 * @param adminUrl URL as the superuser
 */
export async function setSecrets(adminUrl: string, secrets: DatabaseSecrets): Promise<void> {
  const sql = postgres(adminUrl, { max: 1, onnotice: () => {} });
  try {
    for (const [role, password] of Object.entries(secrets.rolePasswords ?? {}))
      await setPassword(sql, role, password);
    for (const [name, value] of Object.entries(secrets.vaultSecrets ?? {}))
      await setVaultSecret(sql, name, value);
  } finally {
    await sql.end({ timeout: 5 });
  }
}

async function setPassword(sql: postgres.Sql, role: string, password: string): Promise<void> {
  const [statement] = await sql`
    select format('alter role %I password %L', rolname, ${password}::text) as text
    from pg_catalog.pg_roles where rolname = ${role} and rolcanlogin`;
  if (statement) await sql.unsafe(statement.text);
}

async function setVaultSecret(sql: postgres.Sql, name: string, value: string): Promise<void> {
  const [saved] = await sql`select id, decrypted_secret from vault.decrypted_secrets where name = ${name}`;
  if (!saved) await sql`select vault.create_secret(${value}, ${name})`;
  else if (saved.decrypted_secret !== value) await sql`select vault.update_secret(${saved.id}, ${value})`;
}
