-- Lets `postgres` make policies on storage's tables and nothing else there, as the hosted platform does (in C).
--
-- Only an owner can make a policy, so postgres inherits the rights of the owner, supabase_storage_admin; an event trigger
-- then refuses every other change an owner could make. Can be run again.

grant supabase_storage_admin to postgres with inherit true, set false;

create or replace function storage.refuse_foreign_ddl()
returns event_trigger
language plpgsql
set search_path = ''
as $$
declare
  refused text;
begin
  -- Storage's own server works as authenticator and makes its tables itself.
  if session_user <> 'postgres' or (select r.rolsuper from pg_catalog.pg_roles r where r.rolname = current_user) then
    return;
  end if;
  if tg_event = 'sql_drop' then
    select d.object_identity into refused
    from pg_catalog.pg_event_trigger_dropped_objects() d
    where d.schema_name = 'storage' and d.object_type <> 'policy'
    limit 1;
  else
    select c.object_identity into refused
    from pg_catalog.pg_event_trigger_ddl_commands() c
    where c.schema_name = 'storage' and c.object_type <> 'policy'
    limit 1;
  end if;
  if refused is not null then
    raise exception 'permission denied for schema storage: % belongs to the platform', refused
      using errcode = 'insufficient_privilege',
        hint = 'Only policies on storage.objects and storage.buckets may be created there.';
  end if;
end
$$;
comment on function storage.refuse_foreign_ddl() is
  'Event trigger: refuses every change of schema storage by postgres, except to policies (42501).';

do $$
begin
  if not exists (select from pg_catalog.pg_event_trigger where evtname = 'storage_refuse_ddl') then
    create event trigger storage_refuse_ddl on ddl_command_end execute function storage.refuse_foreign_ddl();
    create event trigger storage_refuse_drop on sql_drop execute function storage.refuse_foreign_ddl();
  end if;
end
$$;
