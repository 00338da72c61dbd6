-- What a template may say of a lead without its parcel: an audience whose texts name nothing of a parcel does not look for one.

create view private.lead_own_values with (security_invoker) as
  select l.id as lead_id, l.org_id,
    jsonb_strip_nulls(jsonb_build_object(
      'first_name', nullif(trim(l.first_name), ''),
      'last_name', nullif(trim(l.last_name), ''),
      'full_name', nullif(l.full_name, ''),
      'email', nullif(trim(l.email), ''),
      'city', nullif(trim(l.city), ''),
      'state', l.state,
      'zip_code', nullif(trim(l.postal_code), ''),
      'county', nullif(trim(l.county), '')
    )) as variables
  from public.leads l;
comment on view private.lead_own_values is
  'The template variables that the lead itself has a value for, by canonical name; its parcel may know a county where it does not.';

create or replace view private.lead_values with (security_invoker) as
  select o.lead_id, coalesce(p.variables, '{}') || o.variables as variables
  from private.lead_own_values o
  left join lateral (
    select jsonb_strip_nulls(jsonb_build_object(
      'county', nullif(trim(x.county), ''),
      'parcel_id', nullif(trim(x.apn), ''),
      'property_type', nullif(trim(x.property_type), ''),
      'property_address', nullif(trim(x.situs), ''),
      'acreage', trim_scale(x.acreage)::text
    )) as variables
    from public.lead_properties x
    where x.org_id = o.org_id and x.lead_id = o.lead_id
    order by x.created_at, x.id
    limit 1
  ) p on true;
