create function private.insert_chunk_leads(p_import public.imports, p_rows jsonb, p_left_out jsonb, p_now timestamptz)
returns integer
language plpgsql
set search_path = ''
as $$
declare
  v_count integer;
begin
  -- Ids in the order of time: random ids touch another page of ten indexes for every row, which halved the rate at 200,000 leads.
  with rows as materialized (
    select private.uuid_v7() as lead_id, r.line, r.lead, r.phones, r.consents,
      coalesce(r.parcels, case when r.parcel is not null then jsonb_build_array(r.parcel) end) as parcels,
      coalesce(r.lead ->> 'consent_status', 'unknown') as consent_status
    from jsonb_to_recordset(p_rows) as r (line bigint, reason text, lead jsonb, phones jsonb, parcel jsonb, parcels jsonb,
      consents jsonb)
    where r.reason is null and not p_left_out ? r.line::text
  ),
  phones as materialized (
    select r.lead_id, r.line, r.consents is null as is_plain, coalesce(p.consent_status, r.consent_status) as consent_status,
      p.e164, p.role, p.line_type, p.invalid_reason
    from rows r
    cross join lateral jsonb_to_recordset(r.phones) as p (
      e164 text, role text, line_type text, consent_status text, invalid_reason text)
  ),
  new_leads as (
    insert into public.leads (
      id, org_id, first_name, last_name, language, email, address1, address2, city, state, postal_code, county, status,
        lead_score,
      consent_status, source, notes, tags, custom_fields, import_id, created_at, updated_at,
      -- The same values that the triggers on phones and parcels would write, so that these leave the row alone.
      phone_digits, apn_text, parcel_counties)
    select r.lead_id, p_import.org_id, l.first_name, l.last_name, l.language, l.email, l.address1, l.address2, l.city, l.state,
      l.postal_code, l.county, coalesce(l.status, 'new'), coalesce(l.lead_score, 'cold'), r.consent_status, l.source, l.notes,
      coalesce(l.tags, '{}'), coalesce(l.custom_fields, '{}'), p_import.id, p_now, p_now,
      (select string_agg(substr(p.e164, 3), ' ' order by p.role desc)
        from jsonb_to_recordset(r.phones) as p (e164 text, role text)),
      private.apn_text(array(select distinct p.apn from jsonb_to_recordset(r.parcels) as p (apn text) where p.apn is not null
        order by p.apn)),
      private.parcel_counties(array(select distinct p.county from jsonb_to_recordset(r.parcels) as p (county text)))
    from rows r
    cross join lateral jsonb_to_record(r.lead) as l (
      first_name text, last_name text, language text, email text, address1 text, address2 text, city text, state text,
      postal_code text, county text, status text, lead_score text, source text, notes text, tags text[], custom_fields jsonb)
  ),
  new_phones as (
    insert into public.lead_phones (id, org_id, lead_id, e164, role, line_type, consent_status, is_valid, invalid_reason)
    select private.uuid_v7(), p_import.org_id, p.lead_id, p.e164, p.role, p.line_type, p.consent_status,
      p.invalid_reason is null, p.invalid_reason
    from phones p
  ),
  new_parcels as (
    insert into public.lead_properties (
      id, org_id, lead_id, apn, county, state, situs, property_type, acreage, estimated_value, created_at, updated_at)
    select private.uuid_v7(), p_import.org_id, r.lead_id, p.apn, p.county, p.state, p.situs, p.property_type, p.acreage,
      p.estimated_value, p_now, p_now
    from rows r
    cross join lateral jsonb_to_recordset(r.parcels) as p (
      apn text, county text, state text, situs text, property_type text, acreage numeric, estimated_value numeric)
  ),
  new_consent as (
    insert into public.consent_records (org_id, e164, lead_id, import_id, status, method, evidence, recorded_at, recorded_by)
    select p_import.org_id, c.e164, c.lead_id, p_import.id, case c.status when 'granted' then 'granted'
      else 'revoked' end, 'import',
      format('Import %s, file %s, line %s', p_import.id, p_import.file_name, c.line), p_now, p_import.created_by
    from (
      select p.lead_id, p.e164, p.consent_status as status, p.line from phones p
        where p.is_plain and p.consent_status <> 'unknown'
      union all
      select r.lead_id, c.e164, c.status, c.line
      from rows r cross join lateral jsonb_to_recordset(r.consents) as c (e164 text, status text, line bigint)
    ) c
  )
  select count(*) into v_count from rows;
  return v_count;
end;
$$;
comment on function private.insert_chunk_leads(public.imports, jsonb, jsonb, timestamptz) is
  'Inserts leads with phones, parcels and consent: the rows of a chunk, except rejected rows and those of p_left_out ({line: '
  '...}), or leads that merging made. Returns how many.';
