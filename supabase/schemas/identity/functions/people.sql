-- People of an organisation: their roles, their removal, and that one admin is always left. Roles change through functions only.

create function private.lock_own_org(p_role public.user_role)
returns uuid
language plpgsql
set search_path = ''
as $$
declare
  v_org_id uuid := private.require_role(p_role);
begin
  perform from public.orgs o where o.id = v_org_id for no key update;
  -- Asked again: while this waited, the caller may have lost the role, or left.
  if private.require_role(p_role) <> v_org_id then
    perform private.raise_error('PT409', 'invalid_state', 'You have just changed the organisation: look again.');
  end if;
  return v_org_id;
end;
$$;
comment on function private.lock_own_org(public.user_role) is
  'Locks the caller''s organisation and returns its id; who is in it and with which role stays as it is until commit. Raises '
  'PT403 like require_role.';

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
comment on function private.lock_person(uuid, uuid) is 'Locks and returns a person of an organisation. Raises PT404.';

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
    perform private.raise_error('PT409', 'invalid_state', 'Nobody changes their own role: ask another admin.');
  end if;
  update public.users u set role = p_role where u.id = v_user.id and u.role <> p_role;
end;
$$;
comment on function private.change_role(uuid, public.user_role) is
  'Admins: gives another person of their organisation this role, from their next request on. Raises PT403, PT404, PT409 '
  'invalid_state for oneself, PT422. Definer: users may not write users.';
grant execute on function private.change_role(uuid, public.user_role) to authenticated;

create function public.change_role(p_user_id uuid, p_role public.user_role) returns void
  language sql set search_path = '' as $$ select private.change_role(p_user_id, p_role); $$;
comment on function public.change_role(uuid, public.user_role) is 'See private.change_role.';
grant execute on function public.change_role(uuid, public.user_role) to authenticated;

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
    perform private.raise_error('PT409', 'invalid_state', 'Nobody removes themselves: ask another admin.');
  end if;
  -- Not deleted: what they did keeps their name. As after a sign-up, they have an organisation of their own.
  update public.users u
  set org_id = private.create_org(left(split_part(v_user.email, '@', 1), 200)), role = 'admin'
  where u.id = v_user.id;
  -- Ends their sessions: no token of theirs is good any more, nor can it be refreshed.
  delete from auth.sessions s where s.user_id = v_user.id;
end;
$$;
comment on function private.remove_person(uuid) is
  'Admins: removes another person from their organisation, at once. The person keeps their account, with an empty organisation '
  'of its own, and must sign in again. What they began goes on. Raises PT403, PT404, PT409 invalid_state for oneself. Definer: '
  'users may write neither users nor sessions.';
grant execute on function private.remove_person(uuid) to authenticated;

create function public.remove_person(p_user_id uuid) returns void
  language sql set search_path = '' as $$ select private.remove_person(p_user_id); $$;
comment on function public.remove_person(uuid) is 'See private.remove_person.';
grant execute on function public.remove_person(uuid) to authenticated;
