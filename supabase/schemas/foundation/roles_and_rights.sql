-- The two schemas, the role of the worker, and what nobody gets by default: each file grants what it means to.
-- public   what users may read and call, behind RLS.
-- private  the machinery: planning, claiming, windows, membership. Not exposed over REST.

create schema private;
comment on schema private is
  'The machinery behind the API: planning, claiming, windows, rates, membership. Never exposed over REST.';

grant usage on schema private to authenticated, service_role;

alter default privileges revoke execute on functions from public;

alter default privileges in schema public revoke all on tables from anon, authenticated, service_role;

alter default privileges in schema public revoke all on sequences from anon, authenticated, service_role;

alter default privileges in schema public revoke all on functions from anon, authenticated, service_role;

do $$
begin
  if not exists (select 1 from pg_catalog.pg_roles where rolname = 'worker') then
    create role worker login noinherit;
  end if;
end;
$$;

alter role worker set statement_timeout = '30s';

alter role worker set idle_in_transaction_session_timeout = '30s';

grant usage on schema private to worker;
