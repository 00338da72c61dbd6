-- An organisation's settings are two tables and one thing to the people who change them: both change, or neither.

create function private.update_organisation(p_changes jsonb)
returns void
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_org_id uuid := private.require_role('admin');
  v_unknown text[];
  v_table record;
begin
  -- The grants say which columns are settings: whoever adds one has nothing to do here.
  v_unknown := array(
    select k from jsonb_object_keys(p_changes) k
    where not exists (
      select 1 from pg_catalog.pg_attribute a
      where a.attrelid in ('public.orgs'::regclass, 'public.sending_limits'::regclass) and a.attname = k and a.attnum > 0
        and has_column_privilege('authenticated', a.attrelid, a.attnum, 'update')));
  if cardinality(v_unknown) > 0 then
    perform private.raise_error('PT422', 'invalid_input', 'Some fields are no settings of an organisation.', jsonb_build_object('errors', (
      select jsonb_agg(jsonb_build_object('field', k, 'message', k || ' is no setting of an organisation: leave it out.')) from unnest(v_unknown) k)));
  end if;
  for v_table in
    select x.name, x.key, string_agg(format('%1$I = x.%1$I', a.attname), ', ') as assignments
    from (values ('orgs', 'id', 'public.orgs'::regclass), ('sending_limits', 'org_id', 'public.sending_limits'::regclass)) as x(name, key, id)
    join pg_catalog.pg_attribute a on a.attrelid = x.id and a.attnum > 0 and p_changes ? a.attname::text
    group by x.name, x.key order by x.name
  loop
    execute format('update public.%1$I t set %2$s from jsonb_populate_record(null::public.%1$I, $1) x where t.%3$I = $2',
      v_table.name, v_table.assignments, v_table.key) using p_changes, v_org_id;
  end loop;
  perform private.record_audit_event(v_org_id, 'settings_changed', null, null, null, p_changes);
end;
$$;
comment on function private.update_organisation(jsonb) is
  'Changes the given settings of the signed-in user''s organisation: columns of orgs and sending_limits that admins may write. Raises PT422 naming what is no setting. Definer: it writes an audit event with them. Needs admin.';
create function public.update_organisation(p_changes jsonb) returns void
  language sql set search_path = '' as $$ select private.update_organisation(p_changes); $$;
comment on function public.update_organisation(jsonb) is 'Calls the private function of the same name, which checks role and organisation.';
grant execute on function private.update_organisation(jsonb), public.update_organisation(jsonb) to authenticated;
