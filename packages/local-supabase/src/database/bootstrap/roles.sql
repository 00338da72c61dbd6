-- Roles and rights of a hosted project, as they are before the first migration. Run once, by the superuser.
-- {{…}} are filled in as SQL literals.

create role anon nologin noinherit;
create role authenticated nologin noinherit;
create role service_role nologin noinherit bypassrls;
create role authenticator login noinherit password {{authenticatorPassword}};
create role supabase_auth_admin nologin noinherit;
create role supabase_storage_admin nologin noinherit;
create role supabase_realtime_admin nologin noinherit;

-- Like hosted: everything but superuser.
create role postgres login inherit createdb createrole replication bypassrls password {{postgresPassword}};
grant anon, authenticated, service_role to authenticator;
grant anon, authenticated, service_role to postgres with admin option;
-- Admin only, for `alter role authenticator set pgrst.…`: locally authenticator acts for auth and storage as well.
grant authenticator to postgres with admin true, inherit false, set false;
grant pg_monitor, pg_read_all_data, pg_signal_backend, pg_checkpoint to postgres;

alter role anon set statement_timeout = '3s';
alter role authenticated set statement_timeout = '8s';
alter role authenticator set statement_timeout = '8s';
alter role authenticator set lock_timeout = '8s';

alter database postgres owner to postgres;
alter database postgres set search_path to "$user", public, extensions;

-- New objects in public get no grants for the API roles: every migration grants what it means to (the platform's
-- default since 2026-10-30). So no `alter default privileges` here.
grant usage on schema public to anon, authenticated, service_role;

create schema extensions authorization postgres;
grant usage on schema extensions to public;
create extension pgcrypto with schema extensions;
create extension "uuid-ossp" with schema extensions;
create extension pg_stat_statements with schema extensions;
create schema vault;
create extension supabase_vault with schema vault;
