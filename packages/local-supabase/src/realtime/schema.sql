-- Schema "realtime" as Supabase's platform provides it, for a Postgres server that is not Supabase's.
--
-- Run by a superuser once the API roles, supabase_realtime_admin and postgres exist; it can be run again. The signatures,
-- columns, defaults, payloads and warnings are those of hosted Realtime, so migrations and policies written against it
-- deploy unchanged.
--
-- Two differences, neither visible to a client or a policy:
-- * realtime.messages is one table, not one partition per day. Hosted creates the partitions from the Realtime server, and
--   an insert for which that server made none is lost with a warning only. Here the database must keep accepting rows while
--   the server is away, so rows older than 72 hours are deleted instead (see prune-messages.ts).
-- * Hosted streams inserts from the write-ahead log. Here a statement trigger notifies the ids, at commit, and the server
--   reads the rows: NOTIFY holds at most 8,000 bytes, payloads up to 3,000 kB on paid plans. Transactions that notify commit one at a
--   time, so broadcast per batch or per person's action, never per row.

-- Schema and functions belong to the superuser (hosted: to supabase_realtime_admin): with an owner whose rights postgres
-- inherits, `drop schema realtime cascade` would take the guard at the end of this file with it.
create schema if not exists realtime;
grant usage on schema realtime to postgres, anon, authenticated, service_role, supabase_realtime_admin;

-- Table ---------------------------------------------------------------------------------------------------------------

create table if not exists realtime.messages (
  topic text not null,
  extension text not null,
  payload jsonb,
  event text,
  private boolean default false,
  updated_at timestamp without time zone not null default now(),
  inserted_at timestamp without time zone not null default now(),
  id uuid not null default gen_random_uuid(),
  binary_payload bytea,
  constraint messages_pkey primary key (id, inserted_at),
  constraint messages_payload_exclusive check (payload is null or binary_payload is null)
);
alter table realtime.messages owner to supabase_realtime_admin;
comment on table realtime.messages is
  'Broadcasts on their way to subscribers, kept 72 hours. Its policies decide who may join a private topic (select) and send to it (insert).';

-- Serves replay (topic since a moment) and pruning (oldest first).
create index if not exists messages_inserted_at_topic_index on realtime.messages (inserted_at desc, topic);

-- Functions -----------------------------------------------------------------------------------------------------------

create or replace function realtime.topic()
returns text
language sql
stable
set search_path = ''
as $$
  select nullif(current_setting('realtime.topic', true), '');
$$;
comment on function realtime.topic() is
  'Takes nothing; returns the topic being joined or sent to, for use in policies on realtime.messages; null outside of such a check.';

create or replace function realtime.send(payload jsonb, event text, topic text, private boolean default true)
returns void
language plpgsql
set search_path = ''
as $$
declare
  message_id constant uuid := gen_random_uuid();
begin
  -- Policies on insert may ask realtime.topic().
  perform set_config('realtime.topic', send.topic, true);
  insert into realtime.messages (id, topic, extension, event, private, payload)
  values (
    message_id, send.topic, 'broadcast', send.event, send.private,
    case when send.payload ? 'id' then send.payload
      else jsonb_set(send.payload, '{id}', to_jsonb(message_id)) end
  );
exception when others then
  raise warning 'WarnSendingBroadcastMessage: %', sqlerrm;
end
$$;
comment on function realtime.send(jsonb, text, text, boolean) is
  'Broadcasts a JSON object (an "id" is added where it has none) to the subscribers of a topic when the transaction commits; returns nothing. Runs as the caller, and what fails (a refused policy, a payload that is no object) is only a warning: the caller''s transaction goes on.';

create or replace function realtime.send_binary(payload bytea, event text, topic text, private boolean default true)
returns void
language plpgsql
set search_path = ''
as $$
begin
  perform set_config('realtime.topic', send_binary.topic, true);
  insert into realtime.messages (topic, extension, event, private, binary_payload)
  values (send_binary.topic, 'broadcast', send_binary.event, send_binary.private, send_binary.payload);
exception when others then
  raise warning 'WarnSendingBroadcastMessage: %', sqlerrm;
end
$$;
comment on function realtime.send_binary(bytea, text, text, boolean) is
  'As realtime.send, for bytes: clients of protocol 2.0.0 get an ArrayBuffer, older ones get nothing.';

create or replace function realtime.broadcast_changes(
  topic_name text,
  event_name text,
  operation text,
  table_name text,
  table_schema text,
  new record,
  old record,
  level text default 'ROW'
)
returns void
language plpgsql
set search_path = ''
as $$
begin
  if level = 'STATEMENT' then
    raise exception 'function can only be triggered for each row, not for each statement';
  end if;
  if operation not in ('INSERT', 'UPDATE', 'DELETE') then
    raise exception 'Unexpected operation type: %', operation;
  end if;
  perform realtime.send(
    jsonb_build_object(
      'operation', operation, 'schema', table_schema, 'table', table_name, 'record', new, 'old_record', old
    ),
    event_name,
    topic_name
  );
exception when others then
  raise exception 'Failed to process the row: %', sqlerrm;
end
$$;
comment on function realtime.broadcast_changes(text, text, text, text, text, record, record, text) is
  'Broadcasts one changed row to a private topic as {id, operation, schema, table, record, old_record}; for row triggers. Returns nothing; raises on a statement trigger or an unknown operation.';

create or replace function realtime.notify_inserted_messages()
returns trigger
language plpgsql
set search_path = ''
as $$
declare
  ids text;
begin
  -- 200 ids of 37 bytes stay under NOTIFY's 8,000 bytes.
  for ids in
    select string_agg(numbered.id::text, ',' order by numbered.position)
    from (
      select inserted.id, row_number() over () as position
      from inserted
      where inserted.extension = 'broadcast'
        and inserted.event is not null
        and (inserted.payload is not null or inserted.binary_payload is not null)
    ) as numbered
    group by (numbered.position - 1) / 200
    order by (numbered.position - 1) / 200
  loop
    perform pg_notify('realtime_messages', ids);
  end loop;
  return null;
end
$$;
comment on function realtime.notify_inserted_messages() is
  'Statement trigger: tells the Realtime server the ids of inserted broadcasts, in order, when the transaction commits.';

create or replace trigger notify_inserted_messages
  after insert on realtime.messages
  referencing new table as inserted
  for each statement execute function realtime.notify_inserted_messages();

create or replace function realtime.probe_topic_access(
  p_topic text,
  p_claims jsonb,
  p_headers jsonb,
  p_extension text,
  p_operation text
)
returns boolean
language plpgsql
set search_path = ''
as $$
declare
  probe_id constant uuid := gen_random_uuid();
  allowed boolean := false;
begin
  if not exists (select from pg_catalog.pg_roles where rolname = p_claims ->> 'role' and not rolsuper) then
    raise exception 'role "%" does not exist or may not use Realtime', p_claims ->> 'role'
      using errcode = 'invalid_role_specification';
  end if;
  begin
    if p_operation = 'select' then
      insert into realtime.messages (id, topic, extension) values (probe_id, p_topic, p_extension);
    end if;
    perform
      set_config('realtime.topic', p_topic, true),
      set_config('request.headers', p_headers::text, true),
      set_config('request.jwt.claims', p_claims::text, true),
      set_config('role', p_claims ->> 'role', true);
    if p_operation = 'select' then
      allowed := exists (
        select from realtime.messages as m
        where m.id = probe_id and m.topic = p_topic and m.extension = p_extension
      );
    else
      insert into realtime.messages (id, topic, extension) values (probe_id, p_topic, p_extension);
      allowed := true;
    end if;
    raise exception using errcode = 'RTROL';
  exception
    -- Leaving the block through an exception undoes rows and settings; the variable keeps its value.
    when sqlstate 'RTROL' then null;
    when insufficient_privilege then
      -- A refused row; on select it is a fault of the policy, such as a function it may not call.
      if p_operation = 'select' then raise; end if;
  end;
  return allowed;
end
$$;
comment on function realtime.probe_topic_access(text, jsonb, jsonb, text, text) is
  'Takes topic, JWT claims, request headers, extension (broadcast, presence) and operation (select, insert); returns whether the policies on realtime.messages allow it, by trying on a row that is rolled back, as hosted Realtime does. Raises what a policy raises, and 0P000 for an unknown role.';
revoke execute on function realtime.probe_topic_access(text, jsonb, jsonb, text, text) from public;

-- The other functions stay executable by public, as hosted: they run as the caller, and the policies decide.

-- Row level security and grants ---------------------------------------------------------------------------------------

alter table realtime.messages enable row level security;
grant select, insert, update on realtime.messages to anon, authenticated, service_role;
grant all on realtime.messages to postgres;

-- postgres may write policies on realtime.messages and change nothing else about it. Postgres ties CREATE POLICY to
-- ownership, so it inherits the owner's rights and an event trigger takes the rest back; hosted does it in C (supautils).
grant supabase_realtime_admin to postgres with inherit true, set false;

create or replace function realtime.refuse_foreign_ddl()
returns event_trigger
language plpgsql
set search_path = ''
as $$
declare
  object_name text;
begin
  if (select rolsuper from pg_catalog.pg_roles where rolname = current_user) then
    return;
  end if;
  if tg_event = 'sql_drop' then
    select dropped.object_identity into object_name
    from pg_catalog.pg_event_trigger_dropped_objects() as dropped
    where dropped.schema_name = 'realtime' and dropped.object_type <> 'policy'
    limit 1;
  else
    select changed.object_identity into object_name
    from pg_catalog.pg_event_trigger_ddl_commands() as changed
    where changed.schema_name = 'realtime' and changed.object_type <> 'policy'
    limit 1;
  end if;
  if object_name is not null then
    raise exception 'permission denied for schema realtime: % belongs to the platform', object_name
      using errcode = 'insufficient_privilege',
        hint = 'Only policies on realtime.messages may be created there; put objects of your own into another schema.';
  end if;
end
$$;
comment on function realtime.refuse_foreign_ddl() is
  'Event trigger: refuses every change of schema realtime by a role that is no superuser, except to policies (42501).';

do $$
begin
  if not exists (select from pg_catalog.pg_event_trigger where evtname = 'realtime_refuse_ddl') then
    create event trigger realtime_refuse_ddl on ddl_command_end execute function realtime.refuse_foreign_ddl();
    create event trigger realtime_refuse_drop on sql_drop execute function realtime.refuse_foreign_ddl();
  end if;
end
$$;
