// Vault keeps secrets encrypted, and shows them only to roles that may see them.
import postgres from "postgres";
import { afterAll, expect, inject, test } from "vitest";

const sql = postgres(inject("platform").DB_URL, { max: 1, onnotice: () => {} });
const admin = postgres(inject("platform").ADMIN_DB_URL, { max: 1, onnotice: () => {} });
afterAll(() => Promise.all([sql.end(), admin.end()]));

test("a secret is stored encrypted, read back in clear, changed and deleted", async () => {
  const secret = "correct horse battery staple";
  const [created] = await sql`select vault.create_secret(${secret}, 'test-plain', 'a test') as id`;
  try {
    const [stored] = await sql`select * from vault.secrets where id = ${created?.id}`;
    expect(JSON.stringify(stored)).not.toContain("horse");
    expect(Buffer.from(stored?.secret, "base64").toString("latin1")).not.toContain("horse");
    const read = () =>
      sql`select decrypted_secret, description from vault.decrypted_secrets where name = 'test-plain'`;
    expect(await read()).toEqual([{ decrypted_secret: secret, description: "a test" }]);
    await sql`select vault.update_secret(${created?.id}, 'another')`;
    expect(await read()).toEqual([{ decrypted_secret: "another", description: "a test" }]);
    await expect(sql`select vault.create_secret('x', 'test-plain')`).rejects.toThrow(/secrets_name_idx/);
  } finally {
    await sql`delete from vault.secrets where id = ${created?.id}`;
  }
});

test("the same secret stored twice has two ciphertexts", async () => {
  await sql`select vault.create_secret('twice', 'test-twice-1'), vault.create_secret('twice', 'test-twice-2')`;
  const stored = await sql`delete from vault.secrets where name like 'test-twice-%' returning secret`;
  expect(stored).toHaveLength(2);
  expect(stored[0]?.secret).not.toBe(stored[1]?.secret);
});

test.each(["anon", "authenticated"])("%s can neither read secrets nor the key", async (role) => {
  for (const query of [
    "select * from vault.decrypted_secrets",
    "select * from vault.secrets",
    "select vault._key()",
    "select vault.create_secret('x')",
  ]) {
    await expect(
      admin.begin(async (tx) => {
        await tx.unsafe(`set local role ${role}`);
        await tx.unsafe(query);
      }),
      query,
    ).rejects.toThrow(/permission denied/);
  }
});

test("postgres cannot read the key itself", async () => {
  await expect(sql`select vault._key()`).rejects.toThrow(/permission denied/);
  await expect(sql`select pg_read_file('vault.key')`).rejects.toThrow(/permission denied/);
});
