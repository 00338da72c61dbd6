create function private.add_pace_rows()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  if tg_table_name = 'phone_numbers' then
    insert into private.number_pace (phone_number_id) values (new.id) on conflict do nothing;
  else
    insert into private.org_pace (org_id) values (new.id) on conflict do nothing;
  end if;
  return null;
end;
$$;
comment on function private.add_pace_rows() is
  'Trigger: creates the clock of a new number or organisation. Security definer: the role that adds the row may not write '
  'private tables.';
create trigger orgs_pace after insert on public.orgs
  for each row execute function private.add_pace_rows();
