create function private.note_new_leads()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  -- Leads without a phone yet are recorded when they get one.
  insert into private.lead_changes (org_id, lead_id) select n.org_id, n.id from new_rows n where n.phone_digits <> '';
  return null;
end;
$$;
comment on function private.note_new_leads() is
  'Statement trigger: records new leads for private.match_leads. Security definer: the role that writes leads may not write '
  'private tables.';
create trigger leads_note_new after insert on public.leads
  referencing new table as new_rows for each statement execute function private.note_new_leads();

create function private.note_changed_leads()
returns trigger
language plpgsql
security definer
set search_path = ''
-- Forces a hash join of old and new rows. The plan is made for the first statement and kept; a nested loop planned for a single
-- row would compare every old row with every new one.
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
  'Statement trigger: records leads that may have gained or lost a duplicate. Security definer: the role that writes leads may '
  'not write private tables.';
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
  'Statement trigger: deletes what is stored for comparing leads together with the leads. Security definer: the role that '
  'deletes leads may not write private tables.';
create trigger leads_forget after delete on public.leads
  referencing old table as old_rows for each statement execute function private.forget_leads();
