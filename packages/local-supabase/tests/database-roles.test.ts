// The local database is as strict as a hosted one.
import postgres from "postgres";
import { afterAll, expect, inject, test } from "vitest";

const sql = postgres(inject("platform").DB_URL, { max: 1, onnotice: () => {} });
afterAll(() => sql.end());

/** Runs statements and rolls them back. */
async function attempt(...statements: string[]): Promise<void> {
  class Undo extends Error {}
  await sql
    .begin(async (tx) => {
      for (const statement of statements) await tx.unsafe(statement);
      throw new Undo();
    })
    .catch((error) => {
      if (!(error instanceof Undo)) throw error;
    });
}

test("postgres is no superuser and has the attributes it has when hosted", async () => {
  const [role] = await sql`
    select rolsuper, rolcreaterole, rolcreatedb, rolbypassrls, rolreplication from pg_roles where rolname = current_user`;
  expect(role).toEqual({
    rolsuper: false,
    rolcreaterole: true,
    rolcreatedb: true,
    rolbypassrls: true,
    rolreplication: true,
  });
});

test("postgres owns nothing in the platform's schemas", async () => {
  // Queue tables are made by migrations through pgmq.create, so they are postgres's own, as when hosted.
  const owned = await sql`
    select n.nspname || '.' || c.relname as name
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where n.nspname in ('auth', 'storage', 'realtime', 'cron', 'net', 'vault', 'pgmq') and c.relkind in ('r', 'v', 'p')
      and c.relowner = 'postgres'::regrole and not (n.nspname = 'pgmq' and c.relname ~ '^[qa]_')
    union all
    select p.oid::regprocedure::text from pg_proc p
    where p.pronamespace::regnamespace::text in ('auth', 'storage', 'realtime', 'cron', 'net', 'vault', 'pgmq')
      and p.proowner = 'postgres'::regrole
    union all
    select nspname from pg_namespace
    where nspname in ('auth', 'storage', 'realtime', 'cron', 'net', 'vault', 'pgmq') and nspowner = 'postgres'::regrole`;
  expect(owned).toEqual([]);
});

test.each([
  ["create table auth.mine (id int)"],
  ["alter table auth.users add column mine int"],
  ["drop table auth.sessions cascade"],
  ["create table storage.mine (id int)"],
  ["alter table storage.objects add column mine int"],
  ["drop table storage.objects cascade"],
  ["alter table storage.objects disable row level security"],
  ["create table realtime.mine (id int)"],
  ["alter table realtime.messages disable row level security"],
  ["drop table realtime.messages"],
  ["create function storage.mine() returns int language sql as 'select 1'"],
  ["set session authorization supabase_admin"],
  ["set role supabase_auth_admin"],
  ["alter role postgres superuser"],
])("postgres may not: %s", async (statement) => {
  await expect(attempt(statement)).rejects.toMatchObject({ code: "42501" });
});

test("postgres may make policies on realtime.messages and storage.objects", async () => {
  await attempt(
    "create policy test_join on realtime.messages for select to authenticated using (true)",
    "drop policy test_join on realtime.messages",
    "create policy test_read on storage.objects for select to authenticated using (true)",
    "drop policy test_read on storage.objects",
  );
});

test("postgres may make triggers on auth.users and foreign keys to it", async () => {
  await attempt(
    "create table public.role_test (user_id uuid references auth.users (id) on delete cascade)",
    "create function public.role_test() returns trigger language plpgsql as 'begin return new; end'",
    "create trigger role_test after insert on auth.users for each row execute function public.role_test()",
  );
});

test.each(["anon", "authenticated", "service_role"])(
  "a new table, view or sequence grants nothing to %s",
  async (role) => {
    for (const query of [
      "table public.grant_test",
      "table public.grant_view",
      "select nextval('public.grant_seq')",
    ]) {
      await expect(
        attempt(
          "create table public.grant_test (id int)",
          "create view public.grant_view as select 1",
          "create sequence public.grant_seq",
          `set local role ${role}`,
          query,
        ),
        query,
      ).rejects.toMatchObject({ code: "42501" });
    }
  },
);

test("trigrams know the letters of Spanish", async () => {
  const [row] = await sql`
    select extensions.similarity('Muñoz', 'MUÑOZ') as same, cardinality(extensions.show_trgm('ñ')) as trigrams, lower('ÁÑÜ') as lower`;
  expect(row).toEqual({ same: 1, trigrams: 2, lower: "áñü" });
});
