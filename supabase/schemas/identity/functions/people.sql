-- People of an organisation: changing roles and removing people, so that at least one admin is always left. Roles change only
-- through these functions.

create function private.lock_own_org(p_role public.user_role)
returns uuid
language plpgsql
set search_path = ''
as $$
declare
  v_org_id uuid := private.require_role(p_role);
begin
  perform from public.orgs o where o.id = v_org_id for no key update;
  -- Checked again: while this waited for the lock, the caller may have lost the role or left.
  if private.require_role(p_role) <> v_org_id then
    perform private.raise_error('PT409', 'invalid_state', 'You have just moved to another organisation: load it and try again.');
  end if;
  return v_org_id;
end;
$$;
comment on function private.lock_own_org(public.user_role) is
  'Locks the caller''s organisation and returns its id. Its people and their roles stay as they are until commit. Raises PT403 '
  'like require_role.';

create function private.lock_person(p_org_id uuid, p_user_id uuid)
returns public.users
language plpgsql
set search_path = ''
as $$
declare
  v_user public.users;
begin
  select * into v_user from public.users u where u.id = p_user_id and u.org_id = p_org_id for update;
  if v_user.id is null then
    perform private.raise_error('PT404', 'not_found', 'There is no person with this id in your organisation.');
  end if;
  return v_user;
end;
$$;
comment on function private.lock_person(uuid, uuid) is 'Locks a person of an organisation and returns their row. Raises PT404.';

create function private.change_role(p_user_id uuid, p_role public.user_role)
returns void
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_user public.users := private.lock_person(private.lock_own_org('admin'), p_user_id);
begin
  if p_role is null then
    perform private.refuse_field('role', 'role must be viewer, operator, campaign_manager or admin.');
  elsif v_user.id = auth.uid() then
    perform private.raise_error('PT409', 'invalid_state', 'You can''t change your own role: ask another admin.');
  end if;
  update public.users u set role = p_role where u.id = v_user.id and u.role <> p_role;
end;
$$;
comment on function private.change_role(uuid, public.user_role) is
  'Admins: gives another person of their organisation this role, from that person''s next request on. Raises PT403, PT404, PT409 '
  'invalid_state for one''s own role, PT422. Security definer: users may not write the table users.';
grant execute on function private.change_role(uuid, public.user_role) to authenticated;

create function public.change_role(p_user_id uuid, p_role public.user_role) returns void
  language sql set search_path = '' as $$ select private.change_role(p_user_id, p_role); $$;
comment on function public.change_role(uuid, public.user_role) is 'See private.change_role.';
grant execute on function public.change_role(uuid, public.user_role) to authenticated;

create function private.set_availability(p_user_id uuid, p_is_available boolean)
returns void
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_org_id uuid := private.require_role('operator');
begin
  if not exists (select from public.users u where u.id = p_user_id and u.org_id = v_org_id) then
    perform private.raise_error('PT404', 'not_found', 'There is no person with this id in your organisation.');
  elsif p_user_id <> auth.uid() then
    perform private.require_role('admin');
  end if;
  if p_is_available is null then
    perform private.refuse_field('is_available', 'is_available must be true or false.');
  end if;
  update public.users u set is_available = p_is_available where u.id = p_user_id and u.org_id = v_org_id;
end;
$$;
comment on function private.set_availability(uuid, boolean) is
  'Says whether conversations are given to a person by themselves: operators for themselves, admins for anybody. Raises PT403, '
  'PT404, PT422. Security definer: users may not write the table users.';
grant execute on function private.set_availability(uuid, boolean) to authenticated;

create function public.set_availability(p_user_id uuid, p_is_available boolean) returns void
  language sql set search_path = '' as $$ select private.set_availability(p_user_id, p_is_available); $$;
comment on function public.set_availability(uuid, boolean) is 'See private.set_availability.';
grant execute on function public.set_availability(uuid, boolean) to authenticated;

create function private.remove_person(p_user_id uuid)
returns void
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_user public.users := private.lock_person(private.lock_own_org('admin'), p_user_id);
begin
  if v_user.id = auth.uid() then
    perform private.raise_error('PT409', 'invalid_state', 'You can''t remove yourself: ask another admin.');
  end if;
  -- The person is not deleted, so that what they did keeps their name. They get an organisation of their own, as after a sign-up.
  update public.users u
  set org_id = private.create_org(left(split_part(v_user.email, '@', 1), 200)), role = 'admin', is_available = true
  where u.id = v_user.id;
  -- Ends their sessions: their tokens are no longer valid and can't be refreshed.
  delete from auth.sessions s where s.user_id = v_user.id;
end;
$$;
comment on function private.remove_person(uuid) is
  'Admins: removes another person from their organisation, at once. The person keeps their account, gets an empty organisation '
  'of their own, and must sign in again. Work that they started continues. Raises PT403, PT404, PT409 invalid_state for oneself. '
  'Security definer: users may write neither users nor sessions.';
grant execute on function private.remove_person(uuid) to authenticated;

create function public.remove_person(p_user_id uuid) returns void
  language sql set search_path = '' as $$ select private.remove_person(p_user_id); $$;
comment on function public.remove_person(uuid) is 'See private.remove_person.';
grant execute on function public.remove_person(uuid) to authenticated;
