create function private.lock_contact(p_org_id uuid, p_e164 text)
returns private.contacts
language plpgsql
set search_path = ''
as $$
declare
  v_contact private.contacts;
begin
  insert into private.contacts (org_id, e164) values (p_org_id, p_e164) on conflict do nothing;
  select * into v_contact from private.contacts c where c.org_id = p_org_id and c.e164 = p_e164 for no key update;
  return v_contact;
end;
$$;
comment on function private.lock_contact(uuid, text) is
  'Locks a person''s contact row and returns it; creates it if it is missing.';
