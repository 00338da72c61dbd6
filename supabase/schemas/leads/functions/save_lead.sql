create function private.save_lead(p_org_id uuid, p_lead_id uuid, p_input jsonb, p_allow_duplicate_phone boolean,
  p_now timestamptz)
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

  -- Locks contacts before leads, as everywhere: an opt-out locks the contact first, and then its lead and targets. A new address
  -- changes the lead's targets too, so their contacts are locked as well.
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
      id, org_id, first_name, last_name, language, email, address1, address2, city, state, postal_code, county, status,
        lead_score,
      consent_status, source, notes, tags, custom_fields, created_at, updated_at)
    values (
      v_new.id, p_org_id, v_new.first_name, v_new.last_name, v_new.language, v_new.email, v_new.address1, v_new.address2,
        v_new.city,
      v_new.state, v_new.postal_code, v_new.county, v_new.status, v_new.lead_score, v_new.consent_status, v_new.source,
        v_new.notes,
      v_new.tags, v_new.custom_fields, p_now, p_now);
  else
    update public.leads l set
      first_name = v_new.first_name, last_name = v_new.last_name, language = v_new.language, email = v_new.email,
      address1 = v_new.address1, address2 = v_new.address2, city = v_new.city, state = v_new.state,
        postal_code = v_new.postal_code,
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
comment on function private.save_lead(uuid, uuid, jsonb, boolean, timestamptz) is
  'Creates a lead (p_lead_id null) or changes the fields given in p_input; null empties a field. Returns the lead. Raises PT404, '
  'PT409 duplicate, PT422.';
