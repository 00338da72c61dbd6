-- The writes of merging: merged leads with their journal, and the warnings of a chunk.

create function private.journal_import_changes(p_import public.imports, p_leads jsonb, p_now timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
begin
  insert into private.import_changes (import_id, lead_id, line, before, after, created_at)
  select p_import.id, i.lead_id, (s.state ->> 'line')::bigint,
    case when (s.state -> 'before' -> 'lead' ->> 'import_id')::uuid is distinct from p_import.id then s.state -> 'before' end,
    jsonb_build_object(
      'updated_at', i.image -> 'lead' -> 'updated_at',
      'phones', (
        select to_jsonb(array_agg(jsonb_build_object('id', p -> 'id', 'e164', p -> 'e164', 'role', p -> 'role',
          'consent_status', p -> 'consent_status', 'line_type', p -> 'line_type',
          'invalid_reason', p -> 'invalid_reason') order by p -> 'id'))
        from jsonb_array_elements(i.image -> 'phones') p),
      'parcels', coalesce((
        select to_jsonb(array_agg(jsonb_build_object('id', p -> 'id', 'updated_at', p -> 'updated_at') order by p -> 'id'))
        from jsonb_array_elements(i.image -> 'parcels') p), '[]')),
    p_now
  from jsonb_array_elements(p_leads) as s (state)
  join private.import_images(array(select (x -> 'lead' ->> 'id')::uuid from jsonb_array_elements(p_leads) x)) i
    on i.lead_id = (s.state -> 'lead' ->> 'id')::uuid
  on conflict (import_id, lead_id) do update set line = excluded.line, after = excluded.after;
end;
$$;
comment on function private.journal_import_changes(public.imports, jsonb, timestamptz) is
  'Writes into the journal the values that these leads of merge_chunk had before the import first changed them, and those after '
  'its last change.';

create function private.write_chunk_warnings(p_import public.imports, p_rows jsonb, p_left_out jsonb, p_warnings jsonb)
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
comment on function private.write_chunk_warnings(public.imports, jsonb, jsonb, jsonb) is
  'Stores the warnings of a chunk: those of its rows, except rejected rows and those of p_left_out, and those of merging '
  '(p_warnings). Returns how many.';
