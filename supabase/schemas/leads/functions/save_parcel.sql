create function private.save_parcel(p_lead_id uuid, p_property_id uuid, p_input jsonb, p_now timestamptz)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  v_org_id uuid := private.require_role('operator');
  v_lead public.leads;
  v_before public.lead_properties;
  v_new public.lead_properties;
  v_identity private.parcel_identity;
  v_identity_before private.parcel_identity;
begin
  perform private.check_shape(p_input, private.parcel_shape());
  if p_property_id is not null and p_input = '{}' then
    perform private.refuse_field('input', 'Give at least one field to change.');
  elsif p_property_id is null and (select count(*) from public.lead_properties p
    where p.org_id = v_org_id and p.lead_id = p_lead_id) >= 100 then
    perform private.refuse_field('input', 'A lead has 100 parcels at most: remove one first.');
  end if;
  p_input := private.trim_texts(p_input);
  -- Locks the lead, so that two calls that add the same parcel at once run one after the other.
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
      perform private.raise_error('PT404', 'not_found', 'This lead has no such parcel.',
        jsonb_build_object('property_id', p_property_id));
    end if;
  end if;
  v_new := jsonb_populate_record(v_before, p_input);
  if v_new.apn is null and v_new.county is null and v_new.state is null and v_new.situs is null and v_new.property_type is null
    and v_new.acreage is null and v_new.estimated_value is null
  then
    perform private.refuse_field('apn',
      'A parcel needs at least one of apn, county, state, situs, property_type, acreage and estimated_value.');
  end if;
  if (p_input ? 'county' or p_input ? 'state') and v_new.county is not null then
    v_new.county := private.require_county(v_new.state, v_new.county);
  end if;
  v_identity := private.identify_parcel(v_new);
  v_identity_before := private.identify_parcel(v_before);
  if exists (
    select from (
      select private.identify_parcel(p) as identity
      from public.lead_properties p where p.lead_id = p_lead_id and p.id <> v_new.id offset 0
    ) o
    where private.same_parcel(o.identity, v_identity) and not private.same_parcel(o.identity, v_identity_before)
  ) then
    perform private.raise_error('PT409', 'duplicate', case when v_new.apn is not null
        then 'This lead has a parcel with this APN in this county already.' else 'This lead has this parcel already.' end,
      jsonb_build_object('field', case when v_new.apn is not null then 'apn' when v_new.situs is not null then 'situs'
        else 'county' end));
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
comment on function private.save_parcel(uuid, uuid, jsonb, timestamptz) is
  'Adds a parcel to a lead (p_property_id null) or changes the fields given in p_input; null empties a field. The county is '
  'stored as the list of its state writes it. Returns the parcel. Raises PT403, PT404, PT409 duplicate, PT422 with '
  'details.suggestions.';
