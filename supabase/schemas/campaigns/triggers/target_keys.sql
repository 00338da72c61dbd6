-- Making an audience checked five keys for every target, one row at a time: half of what it cost. Of a target and its contact
-- only the key to the lead stays, which clients follow and which holds the lead while its target is made. The one function that
-- makes targets holds their campaign, whose row holds the organisation; what goes takes along what named it.

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
  'Statement trigger: messages of targets that are gone name none. Definer: whoever removes a target may not write messages.';

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
  'Statement trigger: targets go with their campaign. Definer: whoever removes a campaign may not write targets.';

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
  'Statement trigger: targets of phones that are gone name none. Definer: whoever removes a phone may not write targets.';
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
  'Statement trigger: contacts go with their organisation. Definer: whoever removes an organisation may not write contacts.';
create trigger orgs_remove_contacts after delete on public.orgs
  referencing old table as before_rows for each statement execute function private.remove_contacts();
