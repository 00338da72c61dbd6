create function private.forget_changes()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  delete from private.bulk_changes c where c.lead_id = new.id;
  return null;
end;
$$;
comment on function private.forget_changes() is
  'Trigger: deletes the journal of a lead when its person is erased. Security definer: no other role may write the journal.';
create trigger leads_forget_changes after update of erased_at on public.leads
  for each row when (new.erased_at is not null and old.erased_at is null) execute function private.forget_changes();
