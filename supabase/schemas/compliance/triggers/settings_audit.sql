create function private.audit_change()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_old jsonb := case when tg_op <> 'INSERT' then to_jsonb(old) end;
  v_new jsonb := case when tg_op <> 'DELETE' then to_jsonb(new) end;
  v_row jsonb := coalesce(v_new, v_old);
  v_key text := case tg_table_name when 'orgs' then 'id' else 'org_id' end;
  v_org_id uuid := (v_row ->> v_key)::uuid;
  v_changed text[];
begin
  v_changed := array(
    select k from jsonb_object_keys(v_row) k
    where k not in ('created_at', 'updated_at') and coalesce(v_old -> k, 'null') is distinct from coalesce(v_new -> k, 'null')
      order by k);
  -- The platform's own rows belong to no organisation, and rows that are deleted with their organisation need no event.
  if cardinality(v_changed) = 0 or v_org_id is null or not exists (select from public.orgs o where o.id = v_org_id) then
    return null;
  end if;
  perform private.record_audit_event(v_org_id,
    tg_argv[0] || case tg_op when 'INSERT' then '_added' when 'UPDATE' then '_changed' else '_removed' end, null, null, null,
    jsonb_strip_nulls(jsonb_build_object('table', tg_table_name, 'id', v_row -> 'id'))
      || case when v_old is null then '{}'
        else jsonb_build_object('old', private.without_secrets((select jsonb_object_agg(k, v_old -> k)
        from unnest(v_changed) k))) end
      || case when v_new is null then '{}'
        else jsonb_build_object('new', private.without_secrets((select jsonb_object_agg(k, v_new -> k)
        from unnest(v_changed) k))) end);
  return null;
end;
$$;
comment on function private.audit_change() is
  'Row trigger: writes an audit event whose name is tg_argv[0] plus what was done (settings: settings_changed). It has the '
  'table, the row''s id, and the old and new values of the changed columns, with secrets redacted. Security definer: the role '
  'that changes a setting may not write audit events.';
create trigger orgs_audit after update on public.orgs
  for each row when (old.* is distinct from new.*) execute function private.audit_change('settings');
