-- Adding, changing and removing single parcels of a lead. update_lead with properties replaces all of them instead.

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
  'Operators: adds a parcel, see private.save_parcel. Security definer: users may not write parcels.';
grant execute on function private.add_parcel(uuid, jsonb, timestamptz) to authenticated;

create function public.add_parcel(p_lead_id uuid, p_parcel jsonb) returns jsonb
  language sql set search_path = '' as $$ select private.add_parcel(p_lead_id, p_parcel); $$;
comment on function public.add_parcel(uuid, jsonb) is
  'Calls the private function of the same name, which checks role and organisation, with the current time.';
grant execute on function public.add_parcel(uuid, jsonb) to authenticated;

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
  'Operators: changes a parcel, see private.save_parcel. Security definer: users may not write parcels.';
grant execute on function private.update_parcel(uuid, uuid, jsonb, timestamptz) to authenticated;

create function public.update_parcel(p_lead_id uuid, p_property_id uuid, p_changes jsonb) returns jsonb
  language sql set search_path = '' as $$ select private.update_parcel(p_lead_id, p_property_id, p_changes); $$;
comment on function public.update_parcel(uuid, uuid, jsonb) is
  'Calls the private function of the same name, which checks role and organisation, with the current time.';
grant execute on function public.update_parcel(uuid, uuid, jsonb) to authenticated;

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
    perform private.raise_error('PT404', 'not_found', 'This lead has no such parcel.',
      jsonb_build_object('property_id', p_property_id));
  end if;
  perform private.record_audit_event(v_org_id, 'parcel_removed', null, null, p_lead_id,
    to_jsonb(v_parcel) - array['org_id', 'lead_id']);
end;
$$;
comment on function private.remove_parcel(uuid, uuid) is
  'Operators: removes a parcel of a lead; its values stay in the audit event. Raises PT403, PT404. Security definer: users may '
  'not write parcels.';
grant execute on function private.remove_parcel(uuid, uuid) to authenticated;

create function public.remove_parcel(p_lead_id uuid, p_property_id uuid) returns void
  language sql set search_path = '' as $$ select private.remove_parcel(p_lead_id, p_property_id); $$;
comment on function public.remove_parcel(uuid, uuid) is
  'Calls the private function of the same name, which checks role and organisation.';
grant execute on function public.remove_parcel(uuid, uuid) to authenticated;
