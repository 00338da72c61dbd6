-- Starting imports, as users do. The API has already stored the file in Storage; from here on nothing needs the caller's token.

create function private.create_import(
  p_import_id uuid,
  p_file jsonb,
  p_mapping jsonb,
  p_options jsonb default '{}',
  p_tags text[] default '{}',
  p_now timestamptz default now()
)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_org_id uuid := private.require_role('campaign_manager');
  v_path text;
  v_columns text[];
  v_before jsonb;
  v_import public.imports;
begin
  perform private.check_shape(p_file, private.import_file_shape(), 'file');
  v_columns := array(select c.name from jsonb_array_elements_text(p_file -> 'columns') with ordinality c (name, n) order by c.n);
  perform private.check_mapping(p_mapping, v_columns);
  perform private.check_shape(p_options, private.import_options_shape(), 'options');
  perform private.check_shape(to_jsonb(p_tags), private.tags_shape(), 'tags');
  if p_import_id is null then
    perform private.refuse_field('import_id', 'import_id is required.');
  elsif (select count(distinct c) from unnest(v_columns) c) < cardinality(v_columns) then
    perform private.refuse_field('file.columns', 'Two columns have the same name: each must have one of its own.');
  elsif (p_file ->> 'next_byte')::numeric > (p_file ->> 'file_bytes')::numeric then
    perform private.refuse_field('file.next_byte', 'next_byte must be within the file.');
  end if;
  v_path := v_org_id || '/' || p_import_id || '.csv';
  if not exists (select from storage.objects o where o.bucket_id = 'imports' and o.name = v_path) then
    perform private.raise_error('PT422', 'invalid_input', 'The file was not stored: send it again.',
      '{"errors": [{"field": "file", "message": "The file was not stored: send it again."}]}');
  end if;
  -- If the same file is sent twice at the same moment, the second request waits here and is then recognised.
  perform pg_advisory_xact_lock(hashtextextended('import ' || v_org_id || (p_file ->> 'content_hash'), 0));
  select jsonb_build_object('id', i.id, 'created_at', i.created_at) into v_before
  from public.imports i
  where i.org_id = v_org_id and i.content_hash = p_file ->> 'content_hash' and i.status not in ('failed', 'canceled', 'undone')
  order by i.created_at desc limit 1;
  if v_before is not null and not coalesce((p_options ->> 'allow_repeat')::boolean, false) then
    perform private.raise_error('PT409', 'duplicate',
      'This file was imported before. Send allow_repeat: true to import it again.',
      jsonb_build_object('already_imported', v_before));
  end if;

  insert into public.imports (
    id, org_id, file_name, file_bytes, content_hash, storage_path, encoding, delimiter, columns, mapping, options, tags,
    next_byte, next_line, run_from_byte, created_by, created_at)
  values (
    p_import_id, v_org_id, p_file ->> 'file_name', (p_file ->> 'file_bytes')::numeric::bigint, p_file ->> 'content_hash', v_path,
    p_file ->> 'encoding', p_file ->> 'delimiter', v_columns, p_mapping,
    p_options, p_tags, (p_file ->> 'next_byte')::numeric::bigint, (p_file ->> 'next_line')::numeric::bigint,
      (p_file ->> 'next_byte')::numeric::bigint,
    (select u.id from public.users u where u.id = auth.uid()), p_now)
  returning * into v_import;
  perform private.send_work('imports', v_org_id, jsonb_build_object('import_id', p_import_id, 'chunk', 0));
  perform private.call_background_worker();
  perform private.record_audit_event(v_org_id, 'leads_import_started', null, null, null,
    jsonb_build_object('import_id', p_import_id, 'file_name', v_import.file_name, 'file_bytes', v_import.file_bytes));
  return to_jsonb(v_import) || jsonb_build_object('already_imported', v_before);
end;
$$;
comment on function private.create_import(uuid, jsonb, jsonb, jsonb, text[], timestamptz) is
  'Campaign managers: starts the import of a file that is stored in bucket imports at <org>/<import>.csv. p_file: file_name, '
  'file_bytes, content_hash (SHA-256, hex), encoding, delimiter, columns, next_byte and next_line (where the first row after the '
  'header begins). p_mapping: {column: field}. p_options: merge_strategy (skip by default, update, fill, add_phones, create), '
  'allow_repeat, keep_case, auto_tags. Returns the row, with already_imported if the same file was imported before and that '
  'import did not fail and was not canceled or undone. Raises PT403, PT409 duplicate, PT422. Security definer: users may not '
  'write imports.';
grant execute on function private.create_import(uuid, jsonb, jsonb, jsonb, text[], timestamptz) to authenticated, service_role;

create function public.create_import(
  p_import_id uuid,
  p_file jsonb,
  p_mapping jsonb,
  p_options jsonb default '{}',
  p_tags text[] default '{}'
)
returns jsonb language sql set search_path = ''
as $$ select private.create_import(p_import_id, p_file, p_mapping, p_options, p_tags) $$;
comment on function public.create_import(uuid, jsonb, jsonb, jsonb, text[]) is 'See private.create_import.';
grant execute on function public.create_import(uuid, jsonb, jsonb, jsonb, text[]) to authenticated, service_role;

create function private.check_mapping(p_mapping jsonb, p_columns text[], p_field text default 'mapping')
returns void
language plpgsql
stable
set search_path = ''
as $$
declare
  v_wrong record;
begin
  perform private.check_shape(p_mapping, private.import_mapping_shape(), p_field);
  select m.key, m.value into v_wrong from jsonb_each_text(p_mapping) m where m.key <> all (p_columns) order by m.key limit 1;
  if found then
    perform private.refuse_field(p_field || '.' || left(v_wrong.key, 64), format('The file has no column "%s".', v_wrong.key));
  end if;
  select m.value as key, count(*) as n into v_wrong
  from jsonb_each_text(p_mapping) m
  where m.value not in ('notes', 'tags', 'custom_field', 'ignore')
  group by m.value
  -- Each phone of a row is compared with each of its flags.
  having count(*) > case when m.value = 'other_phone' then 30 when m.value ~ 'phone_(dnc|consent|status)$' then 10 else 1 end
  order by m.value limit 1;
  if found then
    perform private.refuse_field(p_field, format('%s columns are mapped to %s; at most %s may be. Map the rest to custom_field.',
      v_wrong.n, v_wrong.key,
      case when v_wrong.key = 'other_phone' then 30 when v_wrong.key ~ 'phone_(dnc|consent|status)$' then 10 else 1 end));
  end if;
  if not exists (
    select from jsonb_each_text(p_mapping) m
      where m.value in ('primary_phone', 'secondary_phone', 'alternate_phone', 'other_phone'))
  then
    perform private.refuse_field(p_field, 'No column holds a phone number: map one of them to primary_phone.');
  end if;
end;
$$;
comment on function private.check_mapping(jsonb, text[], text) is
  'Raises PT422 naming p_field if a file with these columns can''t be imported with a mapping {column: field}: unknown columns, '
  'unknown fields or fields that are used twice, more than 30 other phones or 10 flags of a kind, or no phone. '
  '_shared/csv/check-mapping.ts checks the same earlier, with messages for people.';
