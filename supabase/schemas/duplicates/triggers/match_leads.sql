create function private.note_new_leads()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  -- Those without a phone yet are noted when it comes.
  insert into private.lead_changes (org_id, lead_id) select n.org_id, n.id from new_rows n where n.phone_digits <> '';
  return null;
end;
$$;
comment on function private.note_new_leads() is
  'Statement trigger: notes new leads for private.match_leads. Definer: whoever writes leads may not write private tables.';
create trigger leads_note_new after insert on public.leads
  referencing new table as new_rows for each statement execute function private.note_new_leads();

create function private.note_changed_leads()
returns trigger
language plpgsql
security definer
set search_path = ''
-- Old and new rows are joined by hash: a plan is kept from the first statement, and one made for a single row compares every row
-- with every other.
set enable_nestloop = off
as $$
begin
  insert into private.lead_changes (org_id, lead_id)
  select n.org_id, n.id from new_rows n join old_rows o on o.id = n.id
  where (n.phone_digits, n.first_name, n.last_name, n.address1, n.address2, n.city, n.state, n.postal_code, n.deleted_at)
    is distinct from (o.phone_digits, o.first_name, o.last_name, o.address1, o.address2, o.city, o.state, o.postal_code,
      o.deleted_at);
  return null;
end;
$$;
comment on function private.note_changed_leads() is
  'Statement trigger: notes leads that may have got or lost a duplicate. Definer: whoever writes leads may not write private '
  'tables.';
create trigger leads_note_changed after update on public.leads
  referencing old table as old_rows new table as new_rows for each statement execute function private.note_changed_leads();

create function private.forget_leads()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  delete from private.lead_match_keys k using old_rows o where k.lead_id = o.id;
  delete from private.duplicate_leads d using old_rows o where d.lead_id = o.id;
  delete from private.dismissed_duplicates d using old_rows o where d.lead_a = o.id;
  delete from private.dismissed_duplicates d using old_rows o where d.lead_b = o.id;
  return null;
end;
$$;
comment on function private.forget_leads() is
  'Statement trigger: what was kept to compare leads goes with them. Definer: whoever removes leads may not '
  'write private tables.';
create trigger leads_forget after delete on public.leads
  referencing old table as old_rows for each statement execute function private.forget_leads();
