-- A row of a file that holds what no lead may costs itself a field, or itself, and not the chunk. The rows come clean from the worker;
-- should one not, the chunk is done again, first with each text as one line, then with each value held against its shape.

create function private.as_lines(p_values jsonb)
returns jsonb
language sql
immutable
set search_path = ''
as $$
  select p_values || coalesce((
    select jsonb_object_agg(e.key, private.one_line(e.value #>> '{}')) from jsonb_each(p_values) e
    where jsonb_typeof(e.value) = 'string' and e.key <> 'notes' and e.value #>> '{}' ~ '[\u0001-\u001f\u007f-\u009f\u2028\u2029]'), '{}');
$$;
comment on function private.as_lines(jsonb) is 'The values of a lead or a parcel with each text but the notes as one line.';

create function private.fit_import_row(p_row jsonb)
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
declare
  v_shapes jsonb := private.lead_shape() -> 'properties';
  v_parcels jsonb := private.parcel_shape() -> 'properties';
  v_warnings jsonb := coalesce(p_row -> 'warnings', '[]');
  v_lead jsonb := '{}';
  v_parcel jsonb := '{}';
  v_field record;
  v_left jsonb;
  v_names text[];
begin
  if p_row ->> 'reason' is not null then
    return p_row;
  end if;
  -- Most rows are as they should be, also of a chunk in which one is not.
  begin
    perform private.check_shape(jsonb_strip_nulls(p_row -> 'lead'), private.lead_shape());
    if jsonb_typeof(p_row -> 'parcel') = 'object' then
      perform private.check_shape(p_row -> 'parcel', private.parcel_shape());
    end if;
    if not exists (
      select from jsonb_array_elements(p_row -> 'phones') p (phone) where not coalesce(p.phone ->> 'e164' ~ '^\+1[2-9][0-9]{9}$', false))
    then
      return p_row;
    end if;
  exception when sqlstate 'PT422' then
    null;
  end;
  select p.phone ->> 'field' as key into v_field from jsonb_array_elements(p_row -> 'phones') p (phone)
  where not coalesce(p.phone ->> 'e164' ~ '^\+1[2-9][0-9]{9}$', false) limit 1;
  if found then
    return jsonb_build_object('line', p_row -> 'line', 'raw', p_row -> 'raw', 'field', v_field.key, 'reason', 'This is no phone number that can be texted.');
  end if;
  for v_field in
    select true as is_lead, e.key, e.value, v_shapes -> e.key as shape from jsonb_each(p_row -> 'lead') e
    union all
    select false, e.key, e.value, v_parcels -> e.key from jsonb_each(case jsonb_typeof(p_row -> 'parcel') when 'object' then p_row -> 'parcel' else '{}' end) e
  loop
    begin
      if v_field.key = 'custom_fields' then
        v_left := v_field.value;
        v_field.value := private.fit_custom_fields(v_field.value);
        select array_agg(k.key order by k.key) into v_names
        from jsonb_object_keys(v_left) k (key) where not v_field.value ? left(private.one_line(k.key), 210) and private.one_line(k.key) <> '';
        if v_names is not null then
          v_warnings := v_warnings || jsonb_build_object('field', v_field.key, 'reason', format(
            'A lead has at most 500 custom fields and 32 KB of them: %s of this row were left out (%s).',
            cardinality(v_names), left(array_to_string(v_names, ', '), 500)));
        end if;
      elsif v_field.shape ->> 'format' = 'line' then
        v_field.value := to_jsonb(private.one_line(v_field.value #>> '{}'));
      end if;
      if v_field.value is not null and v_field.value <> 'null' then
        perform private.check_shape(v_field.value, v_field.shape, v_field.key);
      end if;
      if v_field.is_lead then
        v_lead := v_lead || jsonb_build_object(v_field.key, v_field.value);
      else
        v_parcel := v_parcel || jsonb_build_object(v_field.key, v_field.value);
      end if;
    exception when sqlstate 'PT422' then
      v_warnings := v_warnings || jsonb_build_object('field', v_field.key, 'reason', sqlerrm || ' It was left out.');
    end;
  end loop;
  return p_row || jsonb_build_object('lead', v_lead, 'warnings', v_warnings)
    || case when p_row ? 'parcel' then jsonb_build_object('parcel', nullif(v_parcel, '{}')) else '{}' end;
end;
$$;
comment on function private.fit_import_row(jsonb) is
  'A row for private.import_chunk with what no lead may hold left out, and a warning for each such field; a row with a phone that is none is rejected.';

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
    perform pgmq.send('imports', jsonb_build_object('import_id', p_import_id, 'chunk', p_chunk + 1));
  end if;
  return jsonb_build_object('applied', true, 'status', v_import.status);
end;
$$;
comment on function private.apply_import_chunk(uuid, integer, bigint, bigint, bigint, jsonb, boolean, bigint, timestamptz) is
  'Does what private.import_chunk says, with the rows as they are.';

-- As before, but for what is cut.
create or replace function private.write_chunk_warnings(p_import public.imports, p_rows jsonb, p_left_out jsonb, p_warnings jsonb)
returns integer
language plpgsql
set search_path = ''
as $$
declare
  v_count integer;
begin
  with rows as materialized (
    select r.line, r.raw, r.warnings
    from jsonb_to_recordset(p_rows) as r (line bigint, reason text, raw jsonb, warnings jsonb)
    where r.reason is null and not p_left_out ? r.line::text
  ),
  warnings as (
    select r.line, w.field, w.reason, null::uuid as lead_id
    from rows r cross join lateral jsonb_to_recordset(r.warnings) as w (field text, reason text)
    union all
    select w.line, w.field, w.reason, w.lead_id
    from jsonb_to_recordset(p_warnings) as w (line bigint, field text, reason text, lead_id uuid)
  )
  insert into public.import_rejections (org_id, import_id, line, field, reason, outcome, lead_id, raw)
  select p_import.org_id, p_import.id, w.line, left(w.field, 250), left(w.reason, 1000), 'warning', w.lead_id, r.raw
  from warnings w join rows r on r.line = w.line;
  get diagnostics v_count = row_count;
  return v_count;
end;
$$;

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
begin
  return private.apply_import_chunk(p_import_id, p_chunk, p_from_byte, p_next_byte, p_next_line, p_rows, p_is_last, p_message_id, p_now);
exception when check_violation or not_null_violation or data_exception then
  begin
    -- Mostly it is a line break within a cell.
    return private.apply_import_chunk(p_import_id, p_chunk, p_from_byte, p_next_byte, p_next_line,
      (select coalesce(jsonb_agg(r.row
          || case jsonb_typeof(r.row -> 'lead') when 'object' then jsonb_build_object('lead', private.as_lines(r.row -> 'lead')) else '{}' end
          || case jsonb_typeof(r.row -> 'parcel') when 'object' then jsonb_build_object('parcel', private.as_lines(r.row -> 'parcel')) else '{}' end
          order by r.n), '[]')
        from jsonb_array_elements(p_rows) with ordinality r (row, n)),
      p_is_last, p_message_id, p_now);
  exception when check_violation or not_null_violation or data_exception then
    return private.apply_import_chunk(p_import_id, p_chunk, p_from_byte, p_next_byte, p_next_line,
      (select coalesce(jsonb_agg(private.fit_import_row(r.row) order by r.n), '[]') from jsonb_array_elements(p_rows) with ordinality r (row, n)),
      p_is_last, p_message_id, p_now);
  end;
end;
$$;

create or replace function private.import_merge_row(p_state jsonb, p_row jsonb, p_strategy text, p_import_tags text[], p_taken text[])
returns jsonb
language plpgsql
immutable
set search_path = ''
as $$
declare
  v_before jsonb := p_state -> 'lead';
  v_row jsonb := jsonb_strip_nulls(p_row -> 'lead');
  v_values jsonb := v_row - array['tags', 'custom_fields', 'consent_status'];
  v_custom jsonb := coalesce(v_row -> 'custom_fields', '{}');
  v_lead jsonb := v_before;
  v_phones jsonb;
  v_parcels jsonb;
  v_tags text[];
  v_warnings jsonb;
begin
  if p_strategy = 'update' then
    if v_before ->> 'status' = 'do_not_contact' then
      v_values := v_values - 'status';
    end if;
    v_lead := v_lead || v_values || jsonb_build_object('custom_fields', (v_before -> 'custom_fields') || v_custom);
  elsif p_strategy = 'fill' then
    v_lead := v_lead || coalesce(
      (select jsonb_object_agg(n.key, n.value) from jsonb_each(v_values) n where coalesce(v_before ->> n.key, '') = ''), '{}')
      || jsonb_build_object('custom_fields', v_custom || (v_before -> 'custom_fields'));
  end if;

  v_tags := array(select jsonb_array_elements_text(v_before -> 'tags'));
  v_tags := v_tags || array(
    select t.tag
    from unnest(case when p_strategy = 'add_phones' then p_import_tags
      else array(select jsonb_array_elements_text(coalesce(v_row -> 'tags', '[]'))) end) with ordinality t (tag, at)
    where t.tag <> all (v_tags)
    group by t.tag order by min(t.at));
  v_phones := private.import_merge_phones(v_before, p_state -> 'phones', p_row, p_taken);
  v_parcels := private.import_merge_parcel(p_state -> 'parcels', p_row -> 'parcel', p_strategy);
  v_lead := v_lead || jsonb_build_object(
    'tags', to_jsonb(v_tags[:50]),
    'consent_status', least(v_before ->> 'consent_status', coalesce(v_row ->> 'consent_status', 'unknown')));
  v_warnings := v_phones -> 'warnings';
  if pg_column_size(v_lead -> 'custom_fields') > 32000 then
    v_lead := v_lead || jsonb_build_object('custom_fields', v_before -> 'custom_fields');
    v_warnings := v_warnings || jsonb_build_object('reason', 'A lead has at most 32 KB of custom fields: those of this row were not added.');
  end if;
  if cardinality(v_tags) > 50 then
    v_warnings := v_warnings || jsonb_build_object('reason',
      format('A lead has at most 50 tags: %s not added.', array_to_string(v_tags[51:], ', ')));
  end if;
  return p_state || jsonb_build_object(
    'lead', v_lead, 'phones', v_phones -> 'phones', 'parcels', v_parcels,
    'changed', coalesce((p_state ->> 'changed')::boolean, false)
      or v_lead <> v_before or v_phones -> 'phones' <> p_state -> 'phones' or v_parcels <> p_state -> 'parcels',
    'line', p_row -> 'line',
    'consents', (p_state -> 'consents') || (v_phones -> 'consents'),
    'warnings', (p_state -> 'warnings') || coalesce(
      (select jsonb_agg(w || jsonb_build_object('line', p_row -> 'line')) from jsonb_array_elements(v_warnings) w), '[]'));
end;
$$;
