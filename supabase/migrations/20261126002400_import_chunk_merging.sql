-- A chunk of an import by its merge strategy, and the strategy as people choose it.

create function private.run_seconds(p_import public.imports, p_now timestamptz)
returns numeric
language sql
volatile
set search_path = ''
as $$
  -- The time that this very transaction took belongs to the rows it applies; p_now stands still in it.
  select greatest(extract(epoch from p_now - p_import.run_started_at + (clock_timestamp() - now())), 0.001);
$$;
comment on function private.run_seconds(public.imports, timestamptz) is
  'For how many seconds this run of an import or of its undo has gone on, at least a millisecond; null before the first chunk is claimed.';

create or replace function private.import_chunk(
  p_import_id uuid,
  p_chunk integer,
  p_from_byte bigint,
  p_next_byte bigint,
  p_next_line bigint,
  p_rows jsonb,
  p_is_last boolean,
  p_message_id bigint default null,
  p_now timestamptz default now()
)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_import public.imports;
  v_strategy text;
  v_e164s text[];
  v_merged jsonb := '{"shared": {}, "updated": 0, "made": [], "changed": [], "warnings": []}';
  v_duplicates jsonb := '{}';
  v_imported integer;
  v_rejected integer;
  v_warnings integer;
  v_seconds numeric;
begin
  select * into v_import from public.imports i where i.id = p_import_id for no key update;
  if p_message_id is not null then
    perform pgmq.delete('imports', p_message_id);
  end if;
  if v_import.id is null or v_import.status not in ('queued', 'running')
    or v_import.next_chunk <> p_chunk or v_import.next_byte <> p_from_byte
  then
    return jsonb_build_object('applied', false, 'status', v_import.status);
  end if;

  -- From here to the commit nobody else can add a lead with any of these phones. The next statements see all that was committed.
  v_strategy := coalesce(v_import.options ->> 'merge_strategy', 'skip');
  v_e164s := array(
    select distinct p.e164
    from jsonb_to_recordset(p_rows) as r (phones jsonb) cross join lateral jsonb_to_recordset(r.phones) as p (e164 text));
  if v_strategy in ('update', 'fill', 'add_phones') then
    perform private.lock_chunk(v_import.org_id, v_e164s);
    v_merged := private.merge_chunk(v_import, p_rows, p_now);
    if v_merged -> 'changed' <> '[]' then
      perform private.write_merged_leads(v_import, v_merged -> 'changed', p_now);
      perform private.journal_import_changes(v_import, v_merged -> 'changed', p_now);
    end if;
  else
    perform private.lock_contacts(v_import.org_id, v_e164s);
    if v_strategy = 'skip' then
      v_duplicates := private.find_chunk_duplicates(v_import.org_id, p_import_id, p_rows);
    end if;
  end if;
  v_imported := private.insert_chunk_leads(v_import, p_rows, v_duplicates || (v_merged -> 'shared'), p_now);
  if v_merged -> 'made' <> '[]' then
    v_imported := v_imported + private.insert_chunk_leads(v_import, v_merged -> 'made', '{}', p_now);
  end if;

  insert into public.import_rejections (org_id, import_id, line, field, reason, outcome, raw)
  select v_import.org_id, p_import_id, r.line, coalesce(d.field, r.field), coalesce(d.reason, r.reason),
    case when d.reason is null then 'rejected' else 'duplicate' end, r.raw
  from jsonb_to_recordset(p_rows) as r (line bigint, field text, reason text, raw jsonb)
  left join lateral jsonb_to_record(v_duplicates -> r.line::text) as d (field text, reason text) on true
  where coalesce(d.reason, r.reason) is not null;
  select count(*) filter (where r.reason is not null) into v_rejected from jsonb_to_recordset(p_rows) as r (reason text);
  v_warnings := private.write_chunk_warnings(v_import, p_rows, v_duplicates, v_merged -> 'warnings');

  v_seconds := private.run_seconds(v_import, p_now);
  update public.imports i
  set status = case when p_is_last then 'completed' else 'running' end,
      next_chunk = p_chunk + 1,
      next_byte = p_next_byte,
      next_line = p_next_line,
      processed_rows = i.processed_rows + jsonb_array_length(p_rows),
      imported_rows = i.imported_rows + v_imported,
      updated_rows = i.updated_rows + (v_merged ->> 'updated')::integer,
      rejected_rows = i.rejected_rows + v_rejected,
      duplicate_rows = i.duplicate_rows + (select count(*) from jsonb_object_keys(v_duplicates)),
      warning_count = i.warning_count + v_warnings,
      total_rows = case when p_is_last then i.processed_rows + jsonb_array_length(p_rows) end,
      rows_per_second = (i.processed_rows + jsonb_array_length(p_rows) - i.run_from_rows) / v_seconds,
      seconds_left = case
        when p_is_last then 0
        else ceil((i.file_bytes - p_next_byte) * v_seconds / nullif(p_next_byte - i.run_from_byte, 0)) end,
      started_at = coalesce(i.started_at, p_now),
      finished_at = case when p_is_last then p_now end
  where i.id = p_import_id
  returning * into v_import;
  if not p_is_last then
    perform pgmq.send('imports', jsonb_build_object('import_id', p_import_id, 'chunk', p_chunk + 1));
  end if;
  return jsonb_build_object('applied', true, 'status', v_import.status);
end;
$$;
comment on function private.import_chunk(uuid, integer, bigint, bigint, bigint, jsonb, boolean, bigint, timestamptz) is
  'Applies one chunk of an import in one transaction: leads, phones, parcels, consent, rows merged by options.merge_strategy, rejected and duplicate rows, warnings, progress, the next queue message, and removes p_message_id. Does nothing unless the import runs and p_chunk and p_from_byte are where it stands. p_rows: [{line, raw: [cells], field, reason}] for rejected rows, [{line, raw, lead, phones: [{e164, role, field, line_type}], parcel, warnings: [{field, reason}]}] for the others. Returns {applied, status}. Definer: the worker may not write these tables.';

create or replace function private.create_import(
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
  if coalesce(p_options ->> 'merge_strategy', 'skip') not in ('skip', 'update', 'fill', 'add_phones', 'create') then
    perform private.raise_error('PT422', 'invalid_input', 'merge_strategy must be skip, update, fill, add_phones or create.',
      '{"errors": [{"field": "merge_strategy", "message": "merge_strategy must be skip, update, fill, add_phones or create."}]}');
  end if;
  if not exists (select from storage.objects o where o.bucket_id = 'imports' and o.name = v_path) then
    perform private.raise_error('PT422', 'invalid_input', 'The file was not stored: send it again.',
      '{"errors": [{"field": "file", "message": "The file was not stored: send it again."}]}');
  end if;
  -- The same file sent twice at the same moment: the second waits, and is then noticed.
  perform pg_advisory_xact_lock(hashtextextended('import ' || v_org_id || (p_file ->> 'content_hash'), 0));
  select jsonb_build_object('id', i.id, 'created_at', i.created_at) into v_before
  from public.imports i
  where i.org_id = v_org_id and i.content_hash = p_file ->> 'content_hash' and i.status not in ('failed', 'canceled', 'undone')
  order by i.created_at desc limit 1;
  if v_before is not null and not coalesce((p_options ->> 'allow_repeat')::boolean, false) then
    perform private.raise_error('PT409', 'duplicate',
      'This very file was imported before. Send allow_repeat: true to import it again.',
      jsonb_build_object('already_imported', v_before));
  end if;

  insert into public.imports (
    id, org_id, file_name, file_bytes, content_hash, storage_path, encoding, delimiter, columns, mapping, options, tags,
    next_byte, next_line, run_from_byte, created_by, created_at)
  values (
    p_import_id, v_org_id, p_file ->> 'file_name', (p_file ->> 'file_bytes')::bigint, p_file ->> 'content_hash', v_path,
    p_file ->> 'encoding', p_file ->> 'delimiter', array(select jsonb_array_elements_text(p_file -> 'columns')), p_mapping,
    p_options, p_tags, (p_file ->> 'next_byte')::bigint, (p_file ->> 'next_line')::bigint, (p_file ->> 'next_byte')::bigint,
    (select u.id from public.users u where u.id = auth.uid()), p_now)
  returning * into v_import;
  perform pgmq.send('imports', jsonb_build_object('import_id', p_import_id, 'chunk', 0));
  perform private.record_audit_event(v_org_id, 'leads_import_started', null, null, null,
    jsonb_build_object('import_id', p_import_id, 'file_name', v_import.file_name, 'file_bytes', v_import.file_bytes));
  return to_jsonb(v_import) || jsonb_build_object('already_imported', v_before);
end;
$$;
comment on function private.create_import(uuid, jsonb, jsonb, jsonb, text[], timestamptz) is
  'Campaign managers: starts the import of a file that lies in bucket imports at <org>/<import>.csv. p_file: file_name, file_bytes, content_hash (SHA-256, hex), encoding, delimiter, columns, next_byte and next_line (where the first row after the header begins). p_mapping: {column: field}. p_options: merge_strategy (skip unless told, update, fill, add_phones, create), allow_repeat. Returns the row, with already_imported where the same file came before and was neither given up nor undone. Raises PT403, PT409 duplicate, PT422. Definer: users may not write imports.';
