create view private.lead_values with (security_invoker) as
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
comment on view private.lead_values is
  'The template variables for which each lead has a value, by canonical name. Values of parcels come from the lead''s first '
  'parcel.';
