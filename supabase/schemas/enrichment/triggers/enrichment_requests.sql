create function private.queue_new_subjects()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_service record;
begin
  for v_service in
    select s.id, s.org_id from public.enrichment_services s
    where s.org_id in (select c.org_id from changed c) and s.is_enabled and s.is_automatic
      and s.kind = case tg_table_name when 'lead_phones' then 'scrub' else 'property' end
    order by s.id
  loop
    if tg_table_name = 'lead_phones' then
      perform private.queue_calls(v_service.id, array(
        select distinct c.e164 from changed c
        where c.org_id = v_service.org_id and c.is_valid
          and not private.is_scrubbed(v_service.id, c.e164, now() - interval '30 days')),
        false, now());
    else
      perform private.queue_calls(v_service.id, array(
        select c.id::text from changed c
        where c.org_id = v_service.org_id and (c.acreage is null or c.estimated_value is null)), false, now());
    end if;
  end loop;
  return null;
end;
$$;
comment on function private.queue_new_subjects() is
  'Statement trigger: queues calls to automatic services about new phones, and about new parcels that lack acreage or value. '
  'Security definer: the role that adds them may not write calls.';
create trigger lead_phones_scrub_insert after insert on public.lead_phones
  referencing new table as changed for each statement execute function private.queue_new_subjects();
create trigger lead_properties_enrich_insert after insert on public.lead_properties
  referencing new table as changed for each statement execute function private.queue_new_subjects();
