-- Foundation: the extensions, the two schemas and the default privileges that every later migration relies on.
-- public   what users may read and call, behind RLS.
-- private  the machinery: planning, claiming, windows, membership. Not exposed over REST.
-- Nothing is granted by default: each migration grants what it means to.

create schema if not exists extensions;
create extension if not exists pg_trgm with schema extensions;
create extension if not exists btree_gin with schema extensions;
create extension if not exists pgmq;
create extension if not exists pg_cron;
create extension if not exists pg_net with schema extensions;
create extension if not exists supabase_vault with schema vault;

create schema private;
comment on schema private is 'The machinery behind the API: planning, claiming, windows, rates, membership. Never exposed over REST.';
grant usage on schema private to authenticated, service_role;

alter default privileges revoke execute on functions from public;
alter default privileges in schema public revoke all on tables from anon, authenticated, service_role;
alter default privileges in schema public revoke all on sequences from anon, authenticated, service_role;
alter default privileges in schema public revoke all on functions from anon, authenticated, service_role;

create function private.set_updated_at()
returns trigger
language plpgsql
set search_path = ''
as $$
begin
  new.updated_at := now();
  return new;
end;
$$;
comment on function private.set_updated_at() is 'Trigger: stamps updated_at with the time of the transaction.';

create function private.uuid_v7()
returns uuid
language sql
volatile
set search_path = ''
as $$
  -- Time-ordered ids keep the hot end of big indexes in memory; random ones touch a page per row at a million rows.
  select encode(
    set_bit(
      set_bit(
        overlay(
          uuid_send(gen_random_uuid())
          placing substring(int8send((extract(epoch from clock_timestamp()) * 1000)::bigint) from 3)
          from 1 for 6
        ),
        52, 1
      ),
      53, 1
    ),
    'hex'
  )::uuid;
$$;
comment on function private.uuid_v7() is 'A time-ordered uuid, version 7 (RFC 9562, section 5.7), in milliseconds.';

create function private.raise_error(
  p_sqlstate text,
  p_code text,
  p_message text,
  p_details jsonb default '{}'
)
returns void
language plpgsql
set search_path = ''
as $$
begin
  raise exception using errcode = p_sqlstate, message = p_message, detail = p_details::text, hint = p_code;
end;
$$;
comment on function private.raise_error(text, text, text, jsonb) is
  'Raises an error the API understands: errcode PT400, PT403, PT404, PT409, PT422 or PT429 are PostgREST''s own convention for an HTTP status, hint is the stable snake_case code, message the sentence for people, detail the JSON details.';
