-- Imports as users start them. The file is in Storage already, put there by the API; from here on nothing needs the caller's token.

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
  v_path text := v_org_id || '/' || p_import_id || '.csv';
  v_before jsonb;
  v_import public.imports;
begin
  if not exists (select from storage.objects o where o.bucket_id = 'imports' and o.name = v_path) then
    perform private.raise_error('PT422', 'invalid_input', 'The file was not stored: send it again.',
      '{"errors": [{"field": "file", "message": "The file was not stored: send it again."}]}');
  end if;
  -- The same file sent twice at the same moment: the second waits, and is then noticed.
  perform pg_advisory_xact_lock(hashtextextended('import ' || v_org_id || (p_file ->> 'content_hash'), 0));
  select jsonb_build_object('id', i.id, 'created_at', i.created_at) into v_before
  from public.imports i
  where i.org_id = v_org_id and i.content_hash = p_file ->> 'content_hash' and i.status <> 'failed'
  order by i.created_at desc limit 1;
  if v_before is not null and not coalesce((p_options ->> 'allow_repeat')::boolean, false) then
    perform private.raise_error('PT409', 'duplicate',
      'This very file was imported before. Send allow_repeat: true to import it again.',
      jsonb_build_object('already_imported', v_before));
  end if;

  insert into public.imports (
    id, org_id, file_name, file_bytes, content_hash, storage_path, encoding, delimiter, columns, mapping, options, tags,
    next_byte, next_line, created_by, created_at)
  values (
    p_import_id, v_org_id, p_file ->> 'file_name', (p_file ->> 'file_bytes')::bigint, p_file ->> 'content_hash', v_path,
    p_file ->> 'encoding', p_file ->> 'delimiter', array(select jsonb_array_elements_text(p_file -> 'columns')), p_mapping,
    p_options, p_tags, (p_file ->> 'next_byte')::bigint, (p_file ->> 'next_line')::bigint,
    (select u.id from public.users u where u.id = auth.uid()), p_now)
  returning * into v_import;
  perform pgmq.send('imports', jsonb_build_object('import_id', p_import_id, 'chunk', 0));
  perform private.record_audit_event(v_org_id, 'leads_import_started', null, null, null,
    jsonb_build_object('import_id', p_import_id, 'file_name', v_import.file_name, 'file_bytes', v_import.file_bytes));
  return to_jsonb(v_import) || jsonb_build_object('already_imported', v_before);
end;
$$;
comment on function private.create_import(uuid, jsonb, jsonb, jsonb, text[], timestamptz) is
  'Campaign managers: starts the import of a file that lies in bucket imports at <org>/<import>.csv. p_file: file_name, file_bytes, content_hash (SHA-256, hex), encoding, delimiter, columns, next_byte and next_line (where the first row after the header begins). p_mapping: {column: field}. Returns the row, with already_imported where the same file came before. Raises PT403, PT409 duplicate, PT422. Definer: users may not write imports.';

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

grant execute on function
  private.create_import(uuid, jsonb, jsonb, jsonb, text[], timestamptz),
  public.create_import(uuid, jsonb, jsonb, jsonb, text[])
to authenticated, service_role;
