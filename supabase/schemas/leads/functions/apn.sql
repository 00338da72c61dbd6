-- What a lead keeps of its parcels: their numbers for the search box, their counties for the filter.

create function private.apn_text(p_apns text[])
returns text
language sql
immutable
set search_path = ''
as $$
  select coalesce(string_agg(
    a.apn || case when a.bare <> a.apn and a.bare <> '' then ' ' || a.bare else '' end, ' ' order by a.n), '')
  from (
    select x.apn, regexp_replace(x.apn, '[^[:alnum:]]', '', 'g') as bare, x.n
    from unnest(p_apns) with ordinality x (apn, n) where x.apn is not null
  ) a;
$$;
comment on function private.apn_text(text[]) is
  'The value of leads.apn_text for a lead with these parcel numbers, in their order: each as written and, if it has punctuation, '
  'also as letters and digits only.';
grant execute on function private.apn_text(text[]) to service_role;

create function private.parcel_counties(p_counties text[])
returns text[]
language plpgsql
immutable
parallel safe
set search_path = ''
as $$
begin
  -- Nearly every lead has parcels in one county.
  if cardinality(p_counties) = 1 then
    return array_remove(array[nullif(private.county_key(p_counties[1], true), '')], null);
  end if;
  return array(
    select distinct k.key from (select private.county_key(c.county, true) as key from unnest(p_counties) c (county)) k
    where k.key <> '' order by 1);
end;
$$;
comment on function private.parcel_counties(text[]) is
  'The value of leads.parcel_counties for a lead with parcels in these counties.';
grant execute on function private.parcel_counties(text[]) to service_role;
