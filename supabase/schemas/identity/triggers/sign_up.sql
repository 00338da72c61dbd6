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
  'Trigger: a person whose e-mail address is confirmed gets an organisation, and is its admin. org_name of the metadata names '
  'it and decides nothing else. Definer: the auth service may write neither organisations nor users.';
-- Not before the address is confirmed: until then nobody can sign in with it, and a sign-up with somebody else's address uses up
-- nothing.
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
  'Trigger: a changed e-mail address is the person''s. A former one would keep its next owner from signing up. Definer: the '
  'auth service may not write users.';
create trigger on_auth_user_email_changed after update on auth.users
  for each row when (new.email is not null and old.email is distinct from new.email) execute function private.copy_email();
