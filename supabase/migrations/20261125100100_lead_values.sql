-- What a template may say of a lead, as a view: planning and building join it. As a function it ran a query of its own for each
-- lead, twice a message.

create view private.lead_values with (security_invoker) as
  select l.id as lead_id,
    jsonb_strip_nulls(jsonb_build_object(
      'first_name', nullif(trim(l.first_name), ''),
      'last_name', nullif(trim(l.last_name), ''),
      'full_name', nullif(l.full_name, ''),
      'email', nullif(trim(l.email), ''),
      'city', nullif(trim(l.city), ''),
      'state', l.state,
      'zip_code', nullif(trim(l.postal_code), ''),
      'county', coalesce(nullif(trim(l.county), ''), nullif(trim(p.county), '')),
      'parcel_id', nullif(trim(p.apn), ''),
      'property_type', nullif(trim(p.property_type), ''),
      'property_address', nullif(trim(p.situs), ''),
      'acreage', trim_scale(p.acreage)::text
    )) as variables
  from public.leads l
  left join lateral (
    select x.county, x.apn, x.property_type, x.situs, x.acreage
    from public.lead_properties x
    where x.org_id = l.org_id and x.lead_id = l.id
    order by x.created_at, x.id
    limit 1
  ) p on true;
comment on view private.lead_values is
  'The template variables that each lead has a value for, by canonical name. The first parcel speaks for the lead.';
