// Creates the schemas auth and storage as the hosted platform has them: owned by their own admin roles, never by `postgres`.
import { getAuthSchemaSql, getStorageSchemaSql } from "@supabase/lite";
import postgres from "postgres";

export type AuthAndStorageOptions = {
  /** Connection of a superuser (`supabase_admin`). */
  adminUrl: string;
  /** Password the gateway's login role `authenticator` gets. */
  authenticatorPassword: string;
};

const apiRoles = "anon, authenticated, service_role";

// Lite's own definitions read only `request.jwt.claim.*`; the hosted ones also read `request.jwt.claims`, which is all
// that Realtime's join probe and `set_config` in tests set.
const claimFunctions = `
create or replace function auth.uid() returns uuid language sql stable as $$
  select coalesce(
    nullif(current_setting('request.jwt.claim.sub', true), ''),
    nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'sub'
  )::uuid
$$;
create or replace function auth.role() returns text language sql stable as $$
  select coalesce(
    nullif(current_setting('request.jwt.claim.role', true), ''),
    nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'role'
  )::text
$$;
create or replace function auth.email() returns text language sql stable as $$
  select coalesce(
    nullif(current_setting('request.jwt.claim.email', true), ''),
    nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'email'
  )::text
$$;
create or replace function auth.jwt() returns jsonb language sql stable as $$
  select coalesce(
    nullif(current_setting('request.jwt.claim', true), ''),
    nullif(current_setting('request.jwt.claims', true), '')
  )::jsonb
$$;`;

function createRole(name: string, attributes: string): string {
  return `do $$ begin
    if not exists (select from pg_catalog.pg_roles where rolname = '${name}') then create role ${name} ${attributes}; end if;
  end $$;`;
}

/** Lite's schema SQL without its `create schema`, which would ask for CREATE on the database. */
function withoutCreateSchema(sql: string): string {
  return sql.replace(/create schema if not exists \w+;/gi, "");
}

/**
 * Creates roles, schemas, tables and grants that auth and storage need. Safe to run again: it adds what is missing.
 * Errors: those of Postgres. It is one transaction, so nothing is half made.
 */
export async function createAuthAndStorage(options: AuthAndStorageOptions): Promise<void> {
  const sql = postgres(options.adminUrl, { max: 1, onnotice: () => {} });
  const password = options.authenticatorPassword.replaceAll("'", "''");
  try {
    await sql.begin(async (tx) => {
      await tx.unsafe(
        [
          createRole("anon", "nologin noinherit"),
          createRole("authenticated", "nologin noinherit"),
          createRole("service_role", "nologin noinherit bypassrls"),
          createRole("authenticator", "login noinherit"),
          createRole("supabase_auth_admin", "nologin noinherit"),
          createRole("supabase_storage_admin", "nologin noinherit"),
          `alter role authenticator with login noinherit password '${password}';`,
          `grant ${apiRoles} to authenticator with inherit false, set true;`,
          "grant supabase_auth_admin, supabase_storage_admin to authenticator with inherit true, set false;",
          "create schema if not exists auth authorization supabase_auth_admin;",
          "create schema if not exists storage authorization supabase_storage_admin;",
          `grant usage on schema auth, storage to ${apiRoles}, postgres;`,
        ].join("\n"),
      );
      await tx.unsafe("set local role supabase_auth_admin");
      await tx.unsafe(withoutCreateSchema(getAuthSchemaSql()) + claimFunctions);
      // When hosted, `postgres` may read users, make triggers on them and refer to them by foreign keys.
      await tx.unsafe("grant all on all tables in schema auth to postgres");
      await tx.unsafe("set local role supabase_storage_admin");
      await tx.unsafe(withoutCreateSchema(getStorageSchemaSql()));
      // Hosted grants everything here as well: the policies on storage.objects protect the rows.
      await tx.unsafe(`grant all on all tables in schema storage to ${apiRoles}, postgres`);
    });
  } finally {
    await sql.end();
  }
}
