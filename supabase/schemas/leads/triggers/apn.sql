create function private.keep_apn_text()
returns trigger
language plpgsql
set search_path = ''
as $$
begin
  update public.leads l
  set apn_text = p.apn_text
  from (
    select c.lead_id, private.apn_text(array_agg(distinct lp.apn order by lp.apn)) as apn_text
    from (select distinct org_id, lead_id from changed) c
    left join public.lead_properties lp on lp.org_id = c.org_id and lp.lead_id = c.lead_id
    group by c.lead_id
  ) p
  where l.id = p.lead_id and l.apn_text <> p.apn_text;
  return null;
end;
$$;
comment on function private.keep_apn_text() is 'Statement trigger: keeps leads.apn_text for the leads whose parcels changed.';
