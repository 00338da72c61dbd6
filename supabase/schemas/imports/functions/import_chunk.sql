-- One chunk of an import is one transaction. After a crash before its commit the chunk is repeated; after a crash later it is
-- not.

create function private.find_chunk_duplicates(p_org_id uuid, p_import_id uuid, p_rows jsonb)
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
declare
  v_duplicates jsonb;
  v_row record;
  v_taken jsonb := '{}';
  v_clash record;
begin
  with phones as materialized (
    select r.line, p.e164, p.field, row_number() over () as n
    from jsonb_to_recordset(p_rows) as r (line bigint, phones jsonb)
    cross join lateral jsonb_to_recordset(r.phones) as p (e164 text, field text)
  )
  select coalesce(jsonb_object_agg(d.line, jsonb_build_object('field', d.field, 'reason', d.reason)), '{}') into v_duplicates
  from (
    select distinct on (p.line) p.line, p.field,
      case
        when k.import_id = p_import_id then format('An earlier row of this file has the phone %s.', p.e164)
        else format('The lead %s has the phone %s already.', k.lead_id, p.e164)
      end as reason
    from private.find_phone_leads(p_org_id, array(select distinct q.e164 from phones q)) k
    join phones p on p.e164 = k.e164
    order by p.line, p.n
  ) d;

  -- Of rows that share a phone, the first one that is imported wins. Only these few rows are checked one by one, because whether
  -- a row counts depends on what happened to the rows before it.
  for v_row in
    with phones as materialized (
      select r.line, p.e164, p.field
      from jsonb_to_recordset(p_rows) as r (line bigint, phones jsonb)
      cross join lateral jsonb_to_recordset(r.phones) as p (e164 text, field text)
      where not v_duplicates ? r.line::text
    ),
    shared as (
      select p.e164 from phones p group by p.e164 having count(*) > 1
    )
    select p.line, jsonb_object_agg(p.e164, p.field) as phones
    from phones p
    where p.line in (select q.line from phones q join shared s on s.e164 = q.e164)
    group by p.line
    order by p.line
  loop
    select p.key as e164, p.value as field, v_taken ->> p.key as line into v_clash
    from jsonb_each_text(v_row.phones) p where v_taken ? p.key order by (v_taken ->> p.key)::bigint limit 1;
    if found then
      v_duplicates := v_duplicates || jsonb_build_object(v_row.line, jsonb_build_object(
        'field', v_clash.field, 'reason', format('Line %s has the phone %s too.', v_clash.line, v_clash.e164)));
    else
      v_taken := v_taken || (select jsonb_object_agg(p.key, v_row.line) from jsonb_each(v_row.phones) p);
    end if;
  end loop;
  return v_duplicates;
end;
$$;
comment on function private.find_chunk_duplicates(uuid, uuid, jsonb) is
  'The rows of a chunk with a phone that a lead or an earlier row has: {line: {field, reason}}. The caller holds the locks of '
  'the contacts.';

create function private.import_chunk(
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
  return private.apply_import_chunk(p_import_id, p_chunk, p_from_byte, p_next_byte, p_next_line, p_rows, p_is_last, p_message_id,
    p_now);
exception when check_violation or not_null_violation or data_exception then
  begin
    -- The usual cause is a line break within a cell.
    return private.apply_import_chunk(p_import_id, p_chunk, p_from_byte, p_next_byte, p_next_line,
      (select coalesce(to_jsonb(array_agg(r.row
          || case jsonb_typeof(r.row -> 'lead') when 'object' then jsonb_build_object('lead', private.as_lines(r.row -> 'lead'))
            else '{}' end
          || case jsonb_typeof(r.row -> 'parcel')
            when 'object' then jsonb_build_object('parcel', private.as_lines(r.row -> 'parcel')) else '{}' end
          order by r.n)), '[]')
        from jsonb_array_elements(p_rows) with ordinality r (row, n)),
      p_is_last, p_message_id, p_now);
  exception when check_violation or not_null_violation or data_exception then
    return private.apply_import_chunk(p_import_id, p_chunk, p_from_byte, p_next_byte, p_next_line,
      (select coalesce(to_jsonb(array_agg(private.fit_import_row(r.row) order by r.n)), '[]')
        from jsonb_array_elements(p_rows) with ordinality r (row, n)),
      p_is_last, p_message_id, p_now);
  end;
end;
$$;
comment on function private.import_chunk(uuid, integer, bigint, bigint, bigint, jsonb, boolean, bigint, timestamptz) is
  'Applies one chunk of an import in one transaction: leads, phones, parcels, consent, rows merged by options.merge_strategy, '
  'rejected and duplicate rows, warnings, progress, and the next queue message; deletes p_message_id. Does nothing unless the '
  'import is queued or running, and p_chunk and p_from_byte are its next ones. p_rows: [{line, raw: [cells], field, reason}] for '
  'rejected rows, [{line, raw, lead, phones: [{e164, role, field, line_type, consent_status, invalid_reason}], parcel, '
  'warnings: [{field, reason}]}] for the '
  'others. Returns {applied, status}. Security definer: the worker may not write these tables.';
grant execute on function private.import_chunk(uuid, integer, bigint, bigint, bigint, jsonb, boolean, bigint,
  timestamptz) to service_role, worker;

create function private.run_seconds(p_import public.imports, p_now timestamptz)
returns numeric
language sql
volatile
set search_path = ''
as $$
  -- Includes the time that this transaction has taken for the rows it applies; p_now stays the same within it.
  select greatest(extract(epoch from p_now - p_import.run_started_at + (clock_timestamp() - now())), 0.001);
$$;
comment on function private.run_seconds(public.imports, timestamptz) is
  'For how many seconds this run of an import or of its undo has lasted, at least a millisecond; null before the first chunk is '
  'claimed.';
