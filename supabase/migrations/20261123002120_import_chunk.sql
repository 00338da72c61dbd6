-- One chunk of an import: everything it does is one transaction, so a crash before it repeats the chunk and one after it does not.

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

  -- Of rows that share a phone the first that is imported wins. Only those few are looked at one by one: whether a row counts
  -- depends on what became of the rows before it.
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
  'Which rows of a chunk have a phone that a lead or an earlier row has: {line: {field, reason}}. The caller holds the contacts'' locks.';

create function private.insert_chunk_leads(p_import public.imports, p_rows jsonb, p_duplicates jsonb, p_now timestamptz)
returns integer
language plpgsql
set search_path = ''
as $$
declare
  v_count integer;
begin
  with rows as materialized (
    select gen_random_uuid() as lead_id, r.line, r.lead, r.phones, r.parcel,
      coalesce(r.lead ->> 'consent_status', 'unknown') as consent_status
    from jsonb_to_recordset(p_rows) as r (line bigint, reason text, lead jsonb, phones jsonb, parcel jsonb)
    where r.reason is null and not p_duplicates ? r.line::text
  ),
  phones as materialized (
    select r.lead_id, r.line, r.consent_status, p.e164, p.role, p.line_type
    from rows r cross join lateral jsonb_to_recordset(r.phones) as p (e164 text, role text, line_type text)
  ),
  new_leads as (
    insert into public.leads (
      id, org_id, first_name, last_name, language, email, address1, address2, city, state, postal_code, county, status, lead_score,
      consent_status, source, notes, tags, custom_fields, import_id, created_at, updated_at,
      -- As the trigger on lead_phones would write it: equal, so the trigger leaves the row alone.
      phone_digits)
    select r.lead_id, p_import.org_id, l.first_name, l.last_name, l.language, l.email, l.address1, l.address2, l.city, l.state,
      l.postal_code, l.county, coalesce(l.status, 'new'), coalesce(l.lead_score, 'cold'), r.consent_status, l.source, l.notes,
      coalesce(l.tags, '{}'), coalesce(l.custom_fields, '{}'), p_import.id, p_now, p_now,
      (select string_agg(substr(p.e164, 3), ' ' order by p.role desc) from jsonb_to_recordset(r.phones) as p (e164 text, role text))
    from rows r
    cross join lateral jsonb_to_record(r.lead) as l (
      first_name text, last_name text, language text, email text, address1 text, address2 text, city text, state text,
      postal_code text, county text, status text, lead_score text, source text, notes text, tags text[], custom_fields jsonb)
  ),
  new_phones as (
    insert into public.lead_phones (org_id, lead_id, e164, role, line_type, consent_status)
    select p_import.org_id, p.lead_id, p.e164, p.role, p.line_type, p.consent_status from phones p
  ),
  new_parcels as (
    insert into public.lead_properties (org_id, lead_id, apn, county, state, situs, property_type, acreage, estimated_value)
    select p_import.org_id, r.lead_id, p.apn, p.county, p.state, p.situs, p.property_type, p.acreage, p.estimated_value
    from rows r
    cross join lateral jsonb_to_record(r.parcel) as p (
      apn text, county text, state text, situs text, property_type text, acreage numeric, estimated_value numeric)
    where r.parcel is not null
  ),
  new_consent as (
    insert into public.consent_records (org_id, e164, lead_id, status, method, evidence, recorded_at, recorded_by)
    select p_import.org_id, p.e164, p.lead_id, case p.consent_status when 'granted' then 'granted' else 'revoked' end, 'import',
      format('Import %s, file %s, line %s', p_import.id, p_import.file_name, p.line), p_now, p_import.created_by
    from phones p where p.consent_status <> 'unknown'
  )
  select count(*) into v_count from rows;
  return v_count;
end;
$$;
comment on function private.insert_chunk_leads(public.imports, jsonb, jsonb, timestamptz) is
  'Inserts the leads of a chunk with phones, parcels and consent, all but rejected and duplicate rows; returns how many.';

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
declare
  v_import public.imports;
  v_duplicates jsonb;
  v_imported integer;
  v_rejected integer;
  v_warnings integer;
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
  perform private.lock_contacts(v_import.org_id, array(
    select distinct p.e164
    from jsonb_to_recordset(p_rows) as r (phones jsonb) cross join lateral jsonb_to_recordset(r.phones) as p (e164 text)));
  v_duplicates := private.find_chunk_duplicates(v_import.org_id, p_import_id, p_rows);
  v_imported := private.insert_chunk_leads(v_import, p_rows, v_duplicates, p_now);

  insert into public.import_rejections (org_id, import_id, line, field, reason, outcome, raw)
  select v_import.org_id, p_import_id, r.line, coalesce(d.field, r.field), coalesce(d.reason, r.reason),
    case when d.reason is null then 'rejected' else 'duplicate' end, r.raw
  from jsonb_to_recordset(p_rows) as r (line bigint, field text, reason text, raw jsonb)
  left join lateral jsonb_to_record(v_duplicates -> r.line::text) as d (field text, reason text) on true
  where coalesce(d.reason, r.reason) is not null;
  select count(*) filter (where r.reason is not null) into v_rejected from jsonb_to_recordset(p_rows) as r (reason text);
  insert into public.import_rejections (org_id, import_id, line, field, reason, outcome, raw)
  select v_import.org_id, p_import_id, r.line, w.field, w.reason, 'warning', r.raw
  from jsonb_to_recordset(p_rows) as r (line bigint, reason text, raw jsonb, warnings jsonb)
  cross join lateral jsonb_to_recordset(r.warnings) as w (field text, reason text)
  where r.reason is null and not v_duplicates ? r.line::text;
  get diagnostics v_warnings = row_count;

  update public.imports i
  set status = case when p_is_last then 'completed' else 'running' end,
      next_chunk = p_chunk + 1,
      next_byte = p_next_byte,
      next_line = p_next_line,
      processed_rows = i.processed_rows + jsonb_array_length(p_rows),
      imported_rows = i.imported_rows + v_imported,
      rejected_rows = i.rejected_rows + v_rejected,
      duplicate_rows = i.duplicate_rows + (select count(*) from jsonb_object_keys(v_duplicates)),
      warning_count = i.warning_count + v_warnings,
      total_rows = case when p_is_last then i.processed_rows + jsonb_array_length(p_rows) end,
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
  'Applies one chunk of an import in one transaction: leads, phones, parcels, consent, rejected and duplicate rows, warnings, progress, the next queue message, and removes p_message_id. Does nothing unless p_chunk and p_from_byte are where the import stands. p_rows: [{line, raw: [cells], field, reason}] for rejected rows, [{line, raw, lead, phones: [{e164, role, field, line_type}], parcel, warnings: [{field, reason}]}] for the others. Returns {applied, status}. Definer: the worker may not write these tables.';

grant execute on function private.import_chunk(uuid, integer, bigint, bigint, bigint, jsonb, boolean, bigint, timestamptz) to worker, service_role;
