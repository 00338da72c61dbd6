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
  'The template variables for which the lead itself has a value, by canonical name. A parcel may give the county if the lead '
  'does not.';
