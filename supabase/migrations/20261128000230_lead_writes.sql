-- Leads, their parcels and phones as people write them: held against their shape before anything is locked.

create function private.trim_texts(p_input jsonb)
returns jsonb
language sql
immutable
set search_path = ''
as $$
  select coalesce(jsonb_object_agg(e.key, case jsonb_typeof(e.value) when 'string' then to_jsonb(nullif(trim(e.value #>> '{}'), '')) else e.value end), '{}')
  from jsonb_each(p_input) e;
$$;
comment on function private.trim_texts(jsonb) is 'An object with its texts trimmed; an empty one is null.';

create or replace function private.save_lead(p_org_id uuid, p_lead_id uuid, p_input jsonb, p_allow_duplicate_phone boolean, p_now timestamptz)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  v_lead jsonb;
  v_before public.leads;
  v_new public.leads;
begin
  perform private.check_shape(p_input, private.lead_shape());
  if p_lead_id is not null and p_input = '{}' then
    perform private.refuse_field('input', 'Give at least one field to change.');
  end if;
  p_input := private.trim_texts(p_input);

  -- Contacts before leads, as everywhere: opt-outs hold a contact when they come to its lead, and its targets; a new address
  -- comes to the lead's targets too.
  perform private.lock_contacts(p_org_id, private.lead_input_phones(p_input) || array(
    select p.e164 from public.lead_phones p where p.org_id = p_org_id and p.lead_id = p_lead_id
    union
    select t.e164 from public.campaign_targets t
    where t.org_id = p_org_id and t.lead_id = p_lead_id and t.state in ('waiting', 'queued', 'sending', 'unknown')));
  if p_lead_id is null then
    v_before.id := gen_random_uuid();
    v_before.org_id := p_org_id;
    v_before.status := 'new';
    v_before.lead_score := 'cold';
    v_before.consent_status := 'unknown';
    v_before.tags := '{}';
    v_before.custom_fields := '{}';
    v_before.phone_digits := '';
  else
    select * into v_before from public.leads l
    where l.org_id = p_org_id and l.id = p_lead_id and l.deleted_at is null for no key update;
    if not found then
      perform private.raise_error('PT404', 'not_found', 'There is no lead with this id.');
    end if;
  end if;
  v_new := jsonb_populate_record(v_before, p_input - array['id', 'org_id']);

  if p_lead_id is null then
    insert into public.leads (
      id, org_id, first_name, last_name, language, email, address1, address2, city, state, postal_code, county, status, lead_score,
      consent_status, source, notes, tags, custom_fields, created_at, updated_at)
    values (
      v_new.id, p_org_id, v_new.first_name, v_new.last_name, v_new.language, v_new.email, v_new.address1, v_new.address2, v_new.city,
      v_new.state, v_new.postal_code, v_new.county, v_new.status, v_new.lead_score, v_new.consent_status, v_new.source, v_new.notes,
      v_new.tags, v_new.custom_fields, p_now, p_now);
  else
    update public.leads l set
      first_name = v_new.first_name, last_name = v_new.last_name, language = v_new.language, email = v_new.email,
      address1 = v_new.address1, address2 = v_new.address2, city = v_new.city, state = v_new.state, postal_code = v_new.postal_code,
      county = v_new.county, status = v_new.status, lead_score = v_new.lead_score, consent_status = v_new.consent_status,
      source = v_new.source, notes = v_new.notes, tags = v_new.tags, custom_fields = v_new.custom_fields
    where l.id = p_lead_id;
  end if;
  perform private.write_lead_phones(p_org_id, v_new.id, p_input, coalesce(p_allow_duplicate_phone, false));
  if p_input ? 'properties' then
    perform private.write_lead_parcels(p_org_id, v_new.id, p_input -> 'properties');
  end if;
  if v_new.consent_status <> v_before.consent_status then
    perform private.record_lead_consent(p_org_id, v_new.id, v_new.consent_status, p_now);
  end if;
  select j.lead into v_lead from private.leads_json(array[v_new.id]) j;
  return v_lead;
end;
$$;
create or replace function private.write_lead_parcels(p_org_id uuid, p_lead_id uuid, p_parcels jsonb)
returns void
language plpgsql
set search_path = ''
as $$
begin
  delete from public.lead_properties p where p.lead_id = p_lead_id;
  insert into public.lead_properties (org_id, lead_id, apn, county, state, situs, property_type, acreage, estimated_value)
  select p_org_id, p_lead_id, nullif(trim(r.apn), ''), nullif(trim(r.county), ''), nullif(trim(r.state), ''), nullif(trim(r.situs), ''),
    nullif(trim(r.property_type), ''), r.acreage, r.estimated_value
  from jsonb_to_recordset(p_parcels) as r (
    apn text, county text, state text, situs text, property_type text, acreage numeric, estimated_value numeric);
end;
$$;

create or replace function private.save_parcel(p_lead_id uuid, p_property_id uuid, p_input jsonb, p_now timestamptz)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  v_org_id uuid := private.require_role('operator');
  v_lead public.leads;
  v_before public.lead_properties;
  v_new public.lead_properties;
begin
  perform private.check_shape(p_input, private.parcel_shape());
  if p_property_id is not null and p_input = '{}' then
    perform private.refuse_field('input', 'Give at least one field to change.');
  elsif p_property_id is null and (select count(*) from public.lead_properties p where p.org_id = v_org_id and p.lead_id = p_lead_id) >= 100 then
    perform private.refuse_field('input', 'A lead has 100 parcels at most: remove one first.');
  end if;
  p_input := private.trim_texts(p_input);
  -- The lead's lock: two that add the same parcel at once are one after the other.
  select * into v_lead from public.leads l
  where l.org_id = v_org_id and l.id = p_lead_id and l.deleted_at is null for no key update;
  if v_lead.id is null then
    perform private.raise_error('PT404', 'not_found', 'There is no lead with this id.', jsonb_build_object('lead_id', p_lead_id));
  end if;
  if p_property_id is null then
    v_before := jsonb_populate_record(null::public.lead_properties, jsonb_build_object(
      'id', gen_random_uuid(), 'org_id', v_org_id, 'lead_id', p_lead_id, 'created_at', p_now, 'updated_at', p_now));
  else
    select * into v_before from public.lead_properties p where p.lead_id = p_lead_id and p.id = p_property_id for no key update;
    if v_before.id is null then
      perform private.raise_error('PT404', 'not_found', 'This lead has no such parcel.', jsonb_build_object('property_id', p_property_id));
    end if;
  end if;
  v_new := jsonb_populate_record(v_before, p_input);
  if v_new.apn is null and v_new.county is null and v_new.state is null and v_new.situs is null and v_new.property_type is null
    and v_new.acreage is null and v_new.estimated_value is null
  then
    perform private.refuse_field('apn', 'A parcel has at least one of apn, county, state, situs, property_type, acreage and estimated_value.');
  end if;
  if (p_input ? 'county' or p_input ? 'state') and v_new.county is not null then
    v_new.county := private.require_county(v_new.state, v_new.county);
  end if;
  if v_new.apn is not null and exists (
    select 1 from public.lead_properties p
    where p.lead_id = p_lead_id and p.id <> v_new.id and p.apn = v_new.apn
      and coalesce(p.state, '') = coalesce(v_new.state, '') and lower(coalesce(p.county, '')) = lower(coalesce(v_new.county, ''))
  ) then
    perform private.raise_error('PT409', 'duplicate', 'This lead has a parcel with this APN in this county already.',
      jsonb_build_object('field', 'apn'));
  end if;
  insert into public.lead_properties as p
    (id, org_id, lead_id, apn, county, state, situs, property_type, acreage, estimated_value, created_at, updated_at)
  values (v_new.id, v_org_id, p_lead_id, v_new.apn, v_new.county, v_new.state, v_new.situs, v_new.property_type, v_new.acreage,
    v_new.estimated_value, v_new.created_at, p_now)
  on conflict (id) do update
    set apn = excluded.apn, county = excluded.county, state = excluded.state, situs = excluded.situs,
        property_type = excluded.property_type, acreage = excluded.acreage, estimated_value = excluded.estimated_value
  returning * into v_new;
  return to_jsonb(v_new) - array['org_id', 'lead_id'];
end;
$$;

create or replace function private.update_lead_phone(p_lead_id uuid, p_phone_id uuid, p_changes jsonb, p_now timestamptz default now())
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_org_id uuid := private.require_role('operator');
  v_e164 text;
  v_before public.lead_phones;
  v_after public.lead_phones;
  v_contact private.contacts;
begin
  perform private.check_shape(p_changes, private.lead_phone_shape());
  if not p_changes ?| array['label', 'consent_status', 'is_valid', 'line_type'] then
    perform private.refuse_field('input', 'Give label, consent_status, is_valid or line_type.');
  elsif p_changes ? 'invalid_reason' and p_changes -> 'is_valid' is distinct from 'false' then
    perform private.refuse_field('invalid_reason', 'invalid_reason goes with is_valid: false.');
  elsif p_changes ? 'consent_evidence' and not p_changes ? 'consent_status' then
    perform private.refuse_field('consent_evidence', 'consent_evidence goes with consent_status.');
  end if;
  select p.e164 into v_e164
  from public.lead_phones p join public.leads l on l.id = p.lead_id and l.deleted_at is null
  where p.org_id = v_org_id and p.lead_id = p_lead_id and p.id = p_phone_id;
  if v_e164 is null then
    perform private.raise_error('PT404', 'not_found', 'This lead has no such phone.', jsonb_build_object('phone_id', p_phone_id));
  end if;
  -- The contact before the phone, as everywhere.
  v_contact := private.lock_contact(v_org_id, v_e164);
  select * into v_before from public.lead_phones p where p.id = p_phone_id for no key update;
  if p_changes ->> 'consent_status' = 'granted' and v_contact.suppressed_at is not null then
    perform private.raise_error('PT409', 'invalid_state',
      'This person opted out. Only their own START or ALTA, or an admin who removes the opt-out, lets you write to them again.',
      jsonb_build_object('suppressed_at', v_contact.suppressed_at));
  end if;

  update public.lead_phones p
  set label = case when p_changes ? 'label' then nullif(trim(p_changes ->> 'label'), '') else p.label end,
      consent_status = coalesce(p_changes ->> 'consent_status', p.consent_status),
      is_valid = coalesce((p_changes ->> 'is_valid')::boolean, p.is_valid),
      invalid_reason = case
        when coalesce((p_changes ->> 'is_valid')::boolean, p.is_valid)
          then null
        else coalesce(nullif(trim(p_changes ->> 'invalid_reason'), ''), p.invalid_reason, 'manual')
      end,
      line_type = case when p_changes ? 'line_type' then p_changes ->> 'line_type' else p.line_type end,
      line_type_source = case
        when not p_changes ? 'line_type' then p.line_type_source
        when p_changes ->> 'line_type' is not null then 'manual'
      end
  where p.id = p_phone_id
  returning * into v_after;

  if v_after.is_valid <> v_before.is_valid then
    update private.contacts c
    set invalid_at = case when v_after.is_valid then null else p_now end, invalid_reason = v_after.invalid_reason
    where c.org_id = v_org_id and c.e164 = v_e164;
  end if;
  if v_after.consent_status <> v_before.consent_status and v_after.consent_status <> 'unknown' then
    insert into public.consent_records (org_id, e164, lead_id, status, method, evidence, recorded_at, recorded_by)
    values (v_org_id, v_e164, p_lead_id, case v_after.consent_status when 'granted' then 'granted' else 'revoked' end, 'manual',
      coalesce(nullif(trim(p_changes ->> 'consent_evidence'), ''), 'Set on the phone by hand.'), p_now, auth.uid());
  end if;
  -- What waits in running campaigns is not sent to a phone that may not or can't be written to.
  if not v_after.is_valid or v_after.line_type = 'landline' or v_after.consent_status = 'denied' then
    perform private.cancel_open_targets(v_org_id, v_e164, case
      when not v_after.is_valid then 'invalid_phone' when v_after.line_type = 'landline' then 'landline' else 'no_consent' end, p_now);
  end if;
  perform private.record_audit_event(v_org_id, 'lead_phone_changed', v_e164, null, p_lead_id, jsonb_build_object(
    'changes', p_changes,
    'before', (select jsonb_object_agg(b.key, b.value) from jsonb_each(to_jsonb(v_before)) b where p_changes ? b.key)));
  return to_jsonb(v_after) - array['org_id', 'lead_id', 'carrier_info'];
end;
$$;
