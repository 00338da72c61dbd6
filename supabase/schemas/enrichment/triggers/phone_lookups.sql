create function private.name_line_type_source()
returns trigger
language plpgsql
set search_path = ''
as $$
begin
  new.line_type_source := 'import';
  return new;
end;
$$;
comment on function private.name_line_type_source() is
  'Trigger: if a new phone has a line type but no source of it, the source is import.';
create trigger lead_phones_line_type_insert before insert on public.lead_phones
  for each row when (new.line_type is not null and new.line_type_source is null) execute function private.name_line_type_source();

create function private.queue_new_phones()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_org_id uuid;
  v_lane_id uuid;
  v_e164s text[];
  v_known text[];
begin
  for v_org_id in
    select distinct c.org_id from changed c join public.orgs o on o.id = c.org_id and o.lookup_enabled
  loop
    v_e164s := array(select distinct c.e164 from changed c where c.org_id = v_org_id and c.looked_up_at is null and c.is_valid);
    v_known := private.copy_lookups(v_org_id, v_e164s, now());
    v_lane_id := private.lookup_lane(v_org_id);
    insert into private.outside_calls (lane_id, subject)
    select v_lane_id, e from unnest(v_e164s) e where e <> all (v_known) order by e
    on conflict do nothing;
  end loop;
  return null;
end;
$$;
comment on function private.queue_new_phones() is
  'Statement trigger: queues lookups of new phones if the organisation has turned lookups on. Answers that are known already are '
  'copied instead. Security definer: the role that adds phones may not write calls.';
create trigger lead_phones_lookup_insert after insert on public.lead_phones
  referencing new table as changed for each statement execute function private.queue_new_phones();
