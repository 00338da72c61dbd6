-- Parcels of a lead, one by one. A lead sent with properties still replaces all of them.

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
  v_unknown text;
begin
  select k into v_unknown from jsonb_object_keys(p_input) k
  where k not in ('apn', 'county', 'state', 'situs', 'property_type', 'acreage', 'estimated_value') limit 1;
  if found then
    perform private.refuse_field(v_unknown, 'There is no such field.');
  end if;
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
comment on function private.save_parcel(uuid, uuid, jsonb, timestamptz) is
  'Adds a parcel to a lead (no id) or changes one: fields that the input names, null empties. A county is kept as its state''s list writes it. Returns the parcel. Raises PT403, PT404, PT409 duplicate, PT422 with details.suggestions.';

create function private.add_parcel(p_lead_id uuid, p_parcel jsonb, p_now timestamptz default now())
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
begin
  perform private.require_role('operator');
  return private.save_parcel(p_lead_id, null, p_parcel, p_now);
end;
$$;
comment on function private.add_parcel(uuid, jsonb, timestamptz) is
  'Operators: adds a parcel, see private.save_parcel. Definer: users may not write parcels.';
create function private.update_parcel(p_lead_id uuid, p_property_id uuid, p_changes jsonb, p_now timestamptz default now())
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
begin
  perform private.require_role('operator');
  if p_property_id is null then
    perform private.raise_error('PT404', 'not_found', 'This lead has no such parcel.');
  end if;
  return private.save_parcel(p_lead_id, p_property_id, p_changes, p_now);
end;
$$;
comment on function private.update_parcel(uuid, uuid, jsonb, timestamptz) is
  'Operators: changes a parcel, see private.save_parcel. Definer: users may not write parcels.';
create function private.remove_parcel(p_lead_id uuid, p_property_id uuid)
returns void
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_org_id uuid := private.require_role('operator');
  v_parcel public.lead_properties;
begin
  delete from public.lead_properties p
  using public.leads l
  where l.id = p.lead_id and l.deleted_at is null and p.org_id = v_org_id and p.lead_id = p_lead_id and p.id = p_property_id
  returning p.* into v_parcel;
  if v_parcel.id is null then
    perform private.raise_error('PT404', 'not_found', 'This lead has no such parcel.', jsonb_build_object('property_id', p_property_id));
  end if;
  perform private.record_audit_event(v_org_id, 'parcel_removed', null, null, p_lead_id, to_jsonb(v_parcel) - array['org_id', 'lead_id']);
end;
$$;
comment on function private.remove_parcel(uuid, uuid) is
  'Operators: removes a parcel of a lead; what it was stays in the audit trail. Raises PT403, PT404. Definer: users may not write parcels.';

create function public.add_parcel(p_lead_id uuid, p_parcel jsonb) returns jsonb
  language sql set search_path = '' as $$ select private.add_parcel(p_lead_id, p_parcel); $$;
comment on function public.add_parcel(uuid, jsonb) is 'Calls the private function of the same name, which checks role and organisation, at the time of the call.';
create function public.update_parcel(p_lead_id uuid, p_property_id uuid, p_changes jsonb) returns jsonb
  language sql set search_path = '' as $$ select private.update_parcel(p_lead_id, p_property_id, p_changes); $$;
comment on function public.update_parcel(uuid, uuid, jsonb) is 'Calls the private function of the same name, which checks role and organisation, at the time of the call.';
create function public.remove_parcel(p_lead_id uuid, p_property_id uuid) returns void
  language sql set search_path = '' as $$ select private.remove_parcel(p_lead_id, p_property_id); $$;
comment on function public.remove_parcel(uuid, uuid) is 'Calls the private function of the same name, which checks role and organisation.';
grant execute on function
  private.add_parcel(uuid, jsonb, timestamptz), private.update_parcel(uuid, uuid, jsonb, timestamptz), private.remove_parcel(uuid, uuid),
  public.add_parcel(uuid, jsonb), public.update_parcel(uuid, uuid, jsonb), public.remove_parcel(uuid, uuid)
to authenticated;
