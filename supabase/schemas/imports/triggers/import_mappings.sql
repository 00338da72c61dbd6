create function private.check_import_mapping()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_others record;
begin
  perform private.check_shape(to_jsonb(new.name), private.text_shape(100, 1), 'name');
  perform private.check_shape(to_jsonb(new.columns), private.import_columns_shape(), 'columns');
  perform private.check_mapping(new.mapping, new.columns);
  perform private.check_shape(new.options, jsonb_set(private.import_options_shape() #- '{properties,allow_repeat}',
    '{properties,tags}', private.tags_shape()), 'options');
  perform private.lock_count(new.org_id, 'import mappings');
  select count(*) as n, coalesce(sum(pg_column_size(m.mapping) + pg_column_size(m.columns)), 0) as bytes into v_others
  from public.import_mappings m where m.org_id = new.org_id and m.id <> new.id;
  -- Limited, because a preview reads all of them.
  if tg_op = 'INSERT' and v_others.n >= 200 then
    perform private.raise_error('PT409', 'invalid_state',
      'Your organisation has 200 saved mappings, as many as it may have: delete one you no longer need.',
      '{"limit": 200}');
  elsif v_others.bytes + pg_column_size(new.mapping) + pg_column_size(new.columns) > 4000000 then
    perform private.raise_error('PT409', 'invalid_state',
      'Your saved mappings take 4 MB together, as much as they may: delete one you no longer need.',
      '{"limit_bytes": 4000000}');
  end if;
  return new;
end;
$$;
comment on function private.check_import_mapping() is
  'Trigger: checks that a saved mapping is valid and that there is room for it: an organisation may have 200, with 4 MB '
  'together. Raises PT422 naming the field, PT409 if there is no room. Security definer: users may not call the functions of '
  'shapes.';

create function private.audit_import_mapping()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_row public.import_mappings := case tg_op when 'DELETE' then old else new end;
begin
  -- Nothing is recorded if the organisation itself is being deleted.
  if exists (select from public.orgs o where o.id = v_row.org_id) then
    perform private.record_audit_event(v_row.org_id, case tg_op when 'DELETE' then 'import_mapping_deleted'
      else 'import_mapping_saved' end,
      null, null, null, jsonb_build_object('mapping_id', v_row.id, 'name', v_row.name, 'columns', cardinality(v_row.columns)));
  end if;
  return null;
end;
$$;
comment on function private.audit_import_mapping() is
  'Trigger: records in the audit events who saved or deleted a mapping. Security definer: users may not write audit events.';
