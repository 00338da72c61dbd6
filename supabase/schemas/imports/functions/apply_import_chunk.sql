create function private.apply_import_chunk(
  p_import_id uuid,
  p_chunk integer,
  p_from_byte bigint,
  p_next_byte bigint,
  p_next_line bigint,
  p_rows jsonb,
  p_is_last boolean,
  p_message_id bigint,
  p_now timestamptz
)
returns jsonb
language plpgsql
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

  -- From here to the commit no other transaction can add a lead with any of these phones. The statements after this see
  -- everything that was committed before.
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
    if v_strategy = 'skip' and private.has_refusal(p_rows) then
      perform private.lock_chunk(v_import.org_id, v_e164s);
    else
      perform private.lock_contacts(v_import.org_id, v_e164s);
    end if;
    if v_strategy = 'skip' then
      v_duplicates := private.find_chunk_duplicates(v_import.org_id, p_import_id, p_rows);
    end if;
  end if;
  v_imported := private.insert_chunk_leads(v_import, p_rows, v_duplicates || (v_merged -> 'shared'), p_now);
  if v_merged -> 'made' <> '[]' then
    v_imported := v_imported + private.insert_chunk_leads(v_import, v_merged -> 'made', '{}', p_now);
  end if;
  if v_duplicates <> '{}' then
    perform private.merge_refusals(v_import, p_rows, v_duplicates, p_now);
  end if;
  perform private.spread_denials(v_import, p_rows, p_now);

  insert into public.import_rejections (org_id, import_id, line, field, reason, outcome, raw)
  select v_import.org_id, p_import_id, r.line, left(coalesce(d.field, r.field), 250), left(coalesce(d.reason, r.reason), 1000),
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
    perform private.send_work('imports', v_import.org_id,
      jsonb_build_object('import_id', p_import_id, 'chunk', p_chunk + 1));
  end if;
  return jsonb_build_object('applied', true, 'status', v_import.status);
end;
$$;
comment on function private.apply_import_chunk(uuid, integer, bigint, bigint, bigint, jsonb, boolean, bigint, timestamptz) is
  'Does the work of private.import_chunk, with the rows unchanged.';
