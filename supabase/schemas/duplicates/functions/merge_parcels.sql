create function private.merge_parcels(p_org_id uuid, p_keep_id uuid, p_other_ids uuid[])
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  v_row record;
  v_parcel public.lead_properties;
  v_at integer;
  v_ids uuid[];
  v_identities private.parcel_identity[];
  v_moved integer := 0;
  v_united integer := 0;
  v_left integer := 0;
begin
  select coalesce(array_agg(k.id order by k.created_at, k.id), '{}'),
    coalesce(array_agg(private.identify_parcel(k) order by k.created_at, k.id), '{}')
  into v_ids, v_identities
  from public.lead_properties k where k.org_id = p_org_id and k.lead_id = p_keep_id;
  for v_row in
    select p as parcel, private.identify_parcel(p) as identity from unnest(p_other_ids) with ordinality o (lead_id, n)
    join public.lead_properties p on p.org_id = p_org_id and p.lead_id = o.lead_id order by o.n, p.created_at, p.id
  loop
    v_parcel := v_row.parcel;
    v_at := null;
    select k.n into v_at from unnest(v_identities) with ordinality k (state, county, own, n)
    where private.same_parcel((k.state, k.county, k.own)::private.parcel_identity, v_row.identity)
    order by (k.county is null)::integer + (k.state is null)::integer, k.n limit 1;
    if v_at is not null then
      update public.lead_properties k
      set county = coalesce(k.county, v_parcel.county), state = coalesce(k.state, v_parcel.state),
          situs = coalesce(k.situs, v_parcel.situs), property_type = coalesce(k.property_type, v_parcel.property_type),
          acreage = coalesce(k.acreage, v_parcel.acreage), estimated_value = coalesce(k.estimated_value, v_parcel.estimated_value)
      where k.id = v_ids[v_at];
      v_identities[v_at].county := coalesce(v_identities[v_at].county, (v_row.identity).county);
      v_identities[v_at].state := coalesce(v_identities[v_at].state, (v_row.identity).state);
      v_united := v_united + 1;
    elsif cardinality(v_ids) >= 100 then
      v_left := v_left + 1;
    else
      update public.lead_properties p set lead_id = p_keep_id where p.id = v_parcel.id;
      v_ids := v_ids || v_parcel.id;
      v_identities := v_identities || v_row.identity;
      v_moved := v_moved + 1;
    end if;
  end loop;
  return jsonb_build_object('moved', v_moved, 'united', v_united, 'left', v_left);
end;
$$;
comment on function private.merge_parcels(uuid, uuid, uuid[]) is
  'Moves parcels of other leads to the kept one, as long as it has fewer than 100. If the kept lead has the same parcel already, '
  'only its empty fields are filled: {moved, united, left}. A united parcel, and one that did not fit, stays a row of its merged '
  'lead.';
