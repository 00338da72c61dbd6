-- What a chunk writes: new leads, merged leads with their journal, and the warnings of merging.

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
        select jsonb_agg(jsonb_build_object('id', p -> 'id', 'e164', p -> 'e164', 'role', p -> 'role',
          'consent_status', p -> 'consent_status', 'line_type', p -> 'line_type') order by p -> 'id')
        from jsonb_array_elements(i.image -> 'phones') p),
      'parcels', coalesce((
        select jsonb_agg(jsonb_build_object('id', p -> 'id', 'updated_at', p -> 'updated_at') order by p -> 'id')
        from jsonb_array_elements(i.image -> 'parcels') p), '[]')),
    p_now
  from jsonb_array_elements(p_leads) as s (state)
  join private.import_images(array(select (x -> 'lead' ->> 'id')::uuid from jsonb_array_elements(p_leads) x)) i
    on i.lead_id = (s.state -> 'lead' ->> 'id')::uuid
  on conflict (import_id, lead_id) do update set line = excluded.line, after = excluded.after;
end;
$$;
comment on function private.journal_import_changes(public.imports, jsonb, timestamptz) is
  'Writes into the journal what these leads of merge_chunk were before the import''s first touch, and what they are after its '
  'last.';

create function private.write_merged_leads(p_import public.imports, p_leads jsonb, p_now timestamptz)
returns void
language plpgsql
set search_path = ''
-- One index lookup per lead, phone and parcel, whatever the statistics say: see find_phone_leads.
set enable_seqscan = off
set enable_bitmapscan = off
set enable_hashjoin = off
set enable_mergejoin = off
as $$
begin
  perform private.set_lead_cause('import');
  update public.leads l set
    first_name = n.first_name, last_name = n.last_name, language = n.language, email = n.email, address1 = n.address1,
    address2 = n.address2, city = n.city, state = n.state, postal_code = n.postal_code, county = n.county, status = n.status,
    lead_score = n.lead_score, consent_status = n.consent_status, source = n.source, notes = n.notes, tags = n.tags,
    custom_fields = n.custom_fields,
    phone_digits = (
      select string_agg(substr(p.e164, 3), ' ' order by p.role desc)
        from jsonb_to_recordset(s.state -> 'phones') as p (e164 text, role text))
  from jsonb_array_elements(p_leads) as s (state)
  cross join lateral jsonb_populate_record(null::public.leads, s.state -> 'lead') n
  where l.id = n.id;
  perform private.set_lead_cause(null);

  update public.lead_phones p set consent_status = n.consent_status, line_type = n.line_type
  from jsonb_array_elements(p_leads) as s (state)
  cross join lateral jsonb_to_recordset(s.state -> 'phones') as n (id uuid, consent_status text, line_type text, changed boolean)
  where p.id = n.id and n.changed;
  insert into public.lead_phones (org_id, lead_id, e164, role, line_type, consent_status, created_at)
  select p_import.org_id, (s.state -> 'lead' ->> 'id')::uuid, n.e164, n.role, n.line_type, n.consent_status, p_now
  from jsonb_array_elements(p_leads) as s (state)
  cross join lateral jsonb_to_recordset(s.state -> 'phones') as n (id uuid, e164 text, role text, line_type text,
    consent_status text)
  where n.id is null;

  update public.lead_properties p
  set county = n.county, state = n.state, situs = n.situs, property_type = n.property_type, acreage = n.acreage,
      estimated_value = n.estimated_value
  from jsonb_array_elements(p_leads) as s (state)
  cross join lateral jsonb_to_recordset(s.state -> 'parcels') as n (
    id uuid, county text, state text, situs text, property_type text, acreage numeric, estimated_value numeric, changed boolean)
  where p.id = n.id and n.changed;
  insert into public.lead_properties (
    org_id, lead_id, apn, county, state, situs, property_type, acreage, estimated_value, created_at, updated_at)
  select p_import.org_id, (s.state -> 'lead' ->> 'id')::uuid, n.apn, n.county, n.state, n.situs, n.property_type, n.acreage,
    n.estimated_value, p_now, p_now
  from jsonb_array_elements(p_leads) as s (state)
  cross join lateral jsonb_to_recordset(s.state -> 'parcels') as n (
    id uuid, apn text, county text, state text, situs text, property_type text, acreage numeric, estimated_value numeric)
  where n.id is null;

  insert into public.consent_records (org_id, e164, lead_id, import_id, status, method, evidence, recorded_at, recorded_by)
  select p_import.org_id, c.e164, (s.state -> 'lead' ->> 'id')::uuid, p_import.id,
    case c.status when 'granted' then 'granted' else 'revoked' end, 'import',
    format('Import %s, file %s, line %s', p_import.id, p_import.file_name, c.line), p_now, p_import.created_by
  from jsonb_array_elements(p_leads) as s (state)
  cross join lateral jsonb_to_recordset(s.state -> 'consents') as c (e164 text, status text, line bigint);
end;
$$;
comment on function private.write_merged_leads(public.imports, jsonb, timestamptz) is
  'Writes leads that merge_chunk changed: the lead, its phones and parcels, consent. The caller holds the locks and writes the '
  'journal.';

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
  'Keeps the warnings of a chunk: those its rows came with, rejected rows and those of p_left_out excepted, and those of '
  'merging (p_warnings). Returns how many.';
