create function private.mark_texts_of_zone()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  insert into private.text_marks (org_id, hour)
  select distinct new.id, (d.day + n)::timestamp at time zone new.time_zone + interval '12 hours'
  from private.text_days d cross join generate_series(-1, 1) n
  where d.org_id = new.id
  on conflict do nothing;
  return null;
end;
$$;
comment on function private.mark_texts_of_zone() is
  'Trigger: has every counted day, and the days beside it, counted again in the organisation''s new time zone. Security definer: '
  'who changes the settings may not write private tables.';
create trigger orgs_mark_texts after update of time_zone on public.orgs
  for each row when (new.time_zone is distinct from old.time_zone) execute function private.mark_texts_of_zone();
