create function private.found_organisation()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_name text := trim(coalesce(new.raw_user_meta_data ->> 'org_name', ''));
begin
  if exists (select from public.users u where u.id = new.id) then
    return null;
  end if;
  if v_name = '' then
    v_name := split_part(coalesce(new.email, 'My organisation'), '@', 1);
  end if;
  insert into public.users (id, org_id, email, role)
  values (new.id, private.create_org(left(v_name, 200)), new.email, 'admin');
  return null;
end;
$$;
comment on function private.found_organisation() is
  'Trigger: creates an organisation for a person whose e-mail address is confirmed, and makes them its admin. org_name in the '
  'account''s metadata gives its name and decides nothing else. Security definer: the auth service may not write organisations '
  'or users.';
-- Only after the address is confirmed. Until then nobody can sign in with it, and a sign-up with another person's address takes
-- nothing from that person.
create trigger on_auth_user_created after insert on auth.users
  for each row when (new.email_confirmed_at is not null) execute function private.found_organisation();
create trigger on_auth_user_confirmed after update on auth.users
  for each row when (old.email_confirmed_at is null and new.email_confirmed_at is not null)
  execute function private.found_organisation();

create function private.copy_email()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  update public.users u set email = new.email where u.id = new.id;
  return null;
end;
$$;
comment on function private.copy_email() is
  'Trigger: copies a changed e-mail address from the account to users. If the old address stayed, its next owner could not sign '
  'up. Security definer: the auth service may not write users.';
create trigger on_auth_user_email_changed after update on auth.users
  for each row when (new.email is not null and old.email is distinct from new.email) execute function private.copy_email();
