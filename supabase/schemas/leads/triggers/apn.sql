create function private.keep_parcel_words()
returns trigger
language plpgsql
set search_path = ''
as $$
begin
  update public.leads l
  set apn_text = p.apn_text, parcel_counties = p.counties
  from (
    select c.lead_id, private.apn_text(array_agg(distinct lp.apn order by lp.apn)) as apn_text,
      private.parcel_counties(array_agg(distinct lp.county)) as counties
    from (select distinct org_id, lead_id from changed) c
    left join public.lead_properties lp on lp.org_id = c.org_id and lp.lead_id = c.lead_id
    group by c.lead_id
  ) p
  where l.id = p.lead_id and (l.apn_text <> p.apn_text or l.parcel_counties <> p.counties);
  return null;
end;
$$;
comment on function private.keep_parcel_words() is
  'Statement trigger: updates leads.apn_text and leads.parcel_counties of the leads whose parcels changed.';
