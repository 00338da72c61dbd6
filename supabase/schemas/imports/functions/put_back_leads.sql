create function private.put_back_leads(p_import_id uuid, p_lead_ids uuid[])
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
  v_journal jsonb;
begin
  select coalesce(to_jsonb(array_agg(jsonb_build_object('id', j.lead_id, 'before', j.before, 'after', j.after))), '[]')
  into v_journal
  from private.import_changes j where j.import_id = p_import_id and j.lead_id = any (p_lead_ids);
  perform set_config('private.keep_updated_at', 'on', true);

  delete from public.lead_phones p
  using jsonb_to_recordset(v_journal) as j (id uuid, before jsonb)
  where p.lead_id = j.id and not exists (select from jsonb_array_elements(j.before -> 'phones') b
    where (b ->> 'id')::uuid = p.id);
  update public.lead_phones p
  set consent_status = b.consent_status,
      -- A line type that was looked up since stays.
      line_type = case when p.line_type is not distinct from a.line_type then b.line_type else p.line_type end,
      -- So does what was found out since about the number itself.
      is_valid = case when p.invalid_reason is not distinct from a.invalid_reason then b.invalid_reason is null
        else p.is_valid end,
      invalid_reason = case when p.invalid_reason is not distinct from a.invalid_reason then b.invalid_reason
        else p.invalid_reason end
  from jsonb_to_recordset(v_journal) as j (before jsonb, after jsonb)
  cross join lateral jsonb_to_recordset(j.before -> 'phones') as b (
    id uuid, consent_status text, line_type text, invalid_reason text)
  join lateral jsonb_to_recordset(j.after -> 'phones') as a (
    id uuid, consent_status text, line_type text, invalid_reason text) on a.id = b.id
  where p.id = b.id
    and (a.consent_status, a.line_type, a.invalid_reason) is distinct from (b.consent_status, b.line_type, b.invalid_reason);

  delete from public.lead_properties p
  using jsonb_to_recordset(v_journal) as j (id uuid, before jsonb)
  where p.org_id = (j.before -> 'lead' ->> 'org_id')::uuid and p.lead_id = j.id
    and not exists (select from jsonb_array_elements(j.before -> 'parcels') b where (b ->> 'id')::uuid = p.id);
  update public.lead_properties p
  set county = b.county, state = b.state, situs = b.situs, property_type = b.property_type, acreage = b.acreage,
      estimated_value = b.estimated_value, updated_at = b.updated_at
  from jsonb_to_recordset(v_journal) as j (before jsonb, after jsonb)
  cross join lateral jsonb_populate_recordset(null::public.lead_properties, j.before -> 'parcels') b
  join lateral jsonb_to_recordset(j.after -> 'parcels') as a (id uuid, updated_at timestamptz) on a.id = b.id
  where p.id = b.id and p.updated_at = a.updated_at and a.updated_at <> b.updated_at;

  perform private.set_lead_cause('import');
  update public.leads l set
    first_name = b.first_name, last_name = b.last_name, language = b.language, email = b.email, address1 = b.address1,
    address2 = b.address2, city = b.city, state = b.state, postal_code = b.postal_code, county = b.county, status = b.status,
    lead_score = b.lead_score, consent_status = b.consent_status, source = b.source, notes = b.notes, tags = b.tags,
    custom_fields = b.custom_fields, phone_digits = b.phone_digits, updated_at = b.updated_at
  from jsonb_to_recordset(v_journal) as j (before jsonb)
  cross join lateral jsonb_populate_record(null::public.leads, j.before -> 'lead') b
  where l.id = b.id;
  perform private.set_lead_cause(null);
  perform set_config('private.keep_updated_at', '', true);

  delete from public.consent_records c where c.import_id = p_import_id and c.lead_id = any (p_lead_ids);
  delete from private.import_changes j where j.import_id = p_import_id and j.lead_id = any (p_lead_ids);
end;
$$;
comment on function private.put_back_leads(uuid, uuid[]) is
  'Restores leads that an import changed to their former values, including updated_at, from the import''s journal, and deletes '
  'these rows of the journal. The caller holds the locks and has checked that nobody changed the leads since.';
