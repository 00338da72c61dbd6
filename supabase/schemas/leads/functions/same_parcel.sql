-- One meaning of "the same parcel" for imports, the API and merges. _shared/leads/same-parcel.ts has it in TypeScript, for the
-- preview of an import; a test compares them.

create type private.parcel_identity as (state text, county text, own text);
comment on type private.parcel_identity is
  'What parcels of one owner are compared by. own: its number, its address or its values, as text. Identifying a parcel costs '
  'fifty times what comparing two identities does, so every caller identifies each parcel once.';

create function private.identify_parcel(p_parcel public.lead_properties)
returns private.parcel_identity
language plpgsql
immutable
set search_path = ''
as $$
declare
  v_county text := private.county_key(p_parcel.county, true);
  v_apn text := private.apn_key(p_parcel.apn);
  v_situs text;
begin
  if v_apn is not null then
    return (p_parcel.state, v_county, 'apn ' || v_apn);
  end if;
  v_situs := regexp_replace(private.fold_text(p_parcel.situs), '[^a-z0-9]+', '', 'g');
  if v_situs <> '' then
    return (p_parcel.state, v_county, 'situs ' || v_situs);
  end if;
  return (p_parcel.state, v_county, jsonb_build_array(v_county, p_parcel.state, lower(p_parcel.apn),
    lower(p_parcel.property_type), trim_scale(p_parcel.acreage), trim_scale(p_parcel.estimated_value))::text);
end;
$$;
comment on function private.identify_parcel(public.lead_properties) is
  'What a parcel is compared by (private.same_parcel): its parcel number in one form, without it its address, without both all '
  'its other values.';

create function private.same_parcel(p_one private.parcel_identity, p_other private.parcel_identity)
returns boolean
language sql
immutable
set search_path = ''
as $$
  -- Both parcels have one owner, so a county or state that is missing is no difference.
  select p_one.own = p_other.own
    and coalesce(p_one.state = p_other.state, true) and coalesce(p_one.county = p_other.county, true);
$$;
comment on function private.same_parcel(private.parcel_identity, private.parcel_identity) is
  'Whether two parcels of one owner are the same (private.identify_parcel). County and state must agree if both have them. '
  'Imports, the API and merges all use it.';
