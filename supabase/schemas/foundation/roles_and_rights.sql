-- The two schemas, the role of the worker functions, and default rights: nobody gets any, so each file grants what is needed.
-- public   what users may read and call, under row-level security.
-- private  the internal functions and tables: planning, claiming, windows, membership. Not exposed over REST.

create schema private;
comment on schema private is
  'The internal functions and tables behind the API: planning, claiming, windows, rates, membership. Never exposed over REST.';

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
