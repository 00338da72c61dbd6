create function private.write_merged_leads(p_import public.imports, p_leads jsonb, p_now timestamptz)
returns void
language plpgsql
set search_path = ''
-- Forces one index lookup for each lead, phone and parcel, whatever the statistics say: see find_phone_leads.
set enable_seqscan = off
set enable_bitmapscan = off
set enable_hashjoin = off
set enable_mergejoin = off
as $$
declare
  v_canceled text[];
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

  update public.lead_phones p set consent_status = n.consent_status, line_type = n.line_type,
    is_valid = n.invalid_reason is null, invalid_reason = n.invalid_reason
  from jsonb_array_elements(p_leads) as s (state)
  cross join lateral jsonb_to_recordset(s.state -> 'phones') as n (
    id uuid, consent_status text, line_type text, invalid_reason text, changed boolean)
  where p.id = n.id and n.changed;
  insert into public.lead_phones (org_id, lead_id, e164, role, line_type, consent_status, is_valid, invalid_reason, created_at)
  select p_import.org_id, (s.state -> 'lead' ->> 'id')::uuid, n.e164, n.role, n.line_type, n.consent_status,
    n.invalid_reason is null, n.invalid_reason, p_now
  from jsonb_array_elements(p_leads) as s (state)
  cross join lateral jsonb_to_recordset(s.state -> 'phones') as n (id uuid, e164 text, role text, line_type text,
    consent_status text, invalid_reason text)
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

  -- What waits for a phone that this file denies, or calls wrong, is not sent.
  v_canceled := array(
    select distinct c.e164 from jsonb_array_elements(p_leads) as s (state)
    cross join lateral jsonb_to_recordset(s.state -> 'consents') as c (e164 text, status text) where c.status = 'denied');
  if v_canceled <> '{}' then
    perform private.cancel_phones_targets(p_import.org_id, v_canceled, 'no_consent', p_now);
  end if;
  v_canceled := array(
    select distinct n.e164 from jsonb_array_elements(p_leads) as s (state)
    cross join lateral jsonb_to_recordset(s.state -> 'phones') as n (e164 text, invalid_reason text, changed boolean)
    where n.changed and n.invalid_reason is not null);
  if v_canceled <> '{}' then
    perform private.cancel_phones_targets(p_import.org_id, v_canceled, 'invalid_phone', p_now);
  end if;
end;
$$;
comment on function private.write_merged_leads(public.imports, jsonb, timestamptz) is
  'Writes leads that merge_chunk changed: the lead, its phones and parcels, consent. The caller holds the locks and writes the '
  'journal.';
