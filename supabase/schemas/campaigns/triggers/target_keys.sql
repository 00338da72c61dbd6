-- Triggers instead of foreign keys. Checking five foreign keys for every target, one row at a time, took half the time of
-- building an audience. Of the keys of targets and contacts only that to the lead is left: clients follow it, and it locks the
-- lead while its target is inserted. Building holds the lock of the campaign, whose row keeps the organisation from being
-- deleted; a next step is added by whoever holds the lock of the step before, and goes with its lead. These triggers delete or
-- clear references to deleted rows.

create function private.forget_targets()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  update public.messages m set campaign_target_id = null
  from before_rows b where m.to_number = b.e164 and m.campaign_target_id = b.id;
  return null;
end;
$$;
comment on function private.forget_targets() is
  'Statement trigger: clears campaign_target_id of messages whose target was deleted. Security definer: the role that deletes a '
  'target may not write messages.';

create function private.remove_targets()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  delete from public.campaign_targets t using before_rows b where t.org_id = b.org_id and t.campaign_id = b.id;
  return null;
end;
$$;
comment on function private.remove_targets() is
  'Statement trigger: deletes the targets of deleted campaigns. Security definer: the role that deletes a campaign may not write '
  'targets.';

create function private.forget_lead_phones()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  update public.campaign_targets t set lead_phone_id = null
  from before_rows b where t.org_id = b.org_id and t.e164 = b.e164 and t.lead_phone_id = b.id;
  return null;
end;
$$;
comment on function private.forget_lead_phones() is
  'Statement trigger: clears lead_phone_id of targets whose phone was deleted. Security definer: the role that deletes a phone '
  'may not write targets.';
create trigger lead_phones_forget after delete on public.lead_phones
  referencing old table as before_rows for each statement execute function private.forget_lead_phones();

create function private.remove_contacts()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  delete from private.contacts c using before_rows b where c.org_id = b.id;
  return null;
end;
$$;
comment on function private.remove_contacts() is
  'Statement trigger: deletes the contacts of deleted organisations. Security definer: the role that deletes an organisation may '
  'not write contacts.';
create trigger orgs_remove_contacts after delete on public.orgs
  referencing old table as before_rows for each statement execute function private.remove_contacts();
