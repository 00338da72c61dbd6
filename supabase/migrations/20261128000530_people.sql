-- People of an organisation: their roles, their removal, and that one admin is always left. Roles change through functions only.

drop policy "admins change roles of others in their organisation" on public.users;
revoke update on public.users from authenticated;

create function private.keep_an_admin()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  if tg_op = 'UPDATE' and new.role = 'admin' and new.org_id = old.org_id then
    return null;
  end if;
  -- Two admins who leave at once wait here for each other: the second looks after the first has committed.
  perform from public.orgs o where o.id = old.org_id for no key update;
  -- Not there: it is being deleted, with all its people.
  if found and exists (select from public.users u where u.org_id = old.org_id)
    and not exists (select from public.users u where u.org_id = old.org_id and u.role = 'admin') then
    perform private.raise_error('PT409', 'invalid_state', 'An organisation with people in it needs an admin: make somebody else admin first.',
      jsonb_build_object('org_id', old.org_id));
  end if;
  return null;
end;
$$;
comment on function private.keep_an_admin() is
  'Trigger: refuses whatever would leave people without an admin (PT409 invalid_state): a lower role, a removal, a deleted account. Definer: those who delete accounts may not read organisations.';
create trigger users_keep_an_admin after update of role, org_id or delete on public.users
  for each row when (old.role = 'admin') execute function private.keep_an_admin();

create function private.record_membership()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_left boolean := tg_op = 'DELETE' or new.org_id is distinct from old.org_id;
  v_person jsonb := jsonb_build_object('user_id', old.id, 'email', old.email, 'role', old.role);
begin
  if v_left or new.role is distinct from old.role then
    delete from public.invitations i where i.invited_by = old.id and i.org_id = old.org_id;
  end if;
  if not v_left then
    perform private.record_audit_event(new.org_id, 'person_role_changed', null, null, null,
      v_person || jsonb_build_object('role', new.role, 'former_role', old.role));
    return null;
  end if;
  if exists (select from public.orgs o where o.id = old.org_id) then
    perform private.record_audit_event(old.org_id, case when old.id = auth.uid() then 'person_left' else 'person_removed' end, null, null, null, v_person);
    perform private.withhold_rows(old.org_id);
  end if;
  if tg_op = 'UPDATE' then
    perform private.record_audit_event(new.org_id, 'person_joined', null, null, null, v_person || jsonb_build_object('role', new.role));
  end if;
  return null;
end;
$$;
comment on function private.record_membership() is
  'Trigger: an audit event for every changed role, removal and arrival, whoever made it. Invitations of whoever leaves or gets another role are void, and channels tell no contents for a while. Definer: nobody may write audit events.';
create trigger users_record_role after update of role, org_id on public.users
  for each row when (old.role is distinct from new.role or old.org_id is distinct from new.org_id)
  execute function private.record_membership();
create trigger users_record_removal after delete on public.users
  for each row execute function private.record_membership();

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
  'Locks the caller''s organisation and returns its id; who is in it and with which role stays as it is until commit. Raises PT403 like require_role.';

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
  'Admins: gives another person of their organisation this role, from their next request on. Raises PT403, PT404, PT409 invalid_state for oneself, PT422. Definer: users may not write users.';

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
  'Admins: removes another person from their organisation, at once. The person keeps their account, with an empty organisation of its own, and must sign in again. What they began goes on. Raises PT403, PT404, PT409 invalid_state for oneself. Definer: users may write neither users nor sessions.';

create function public.change_role(p_user_id uuid, p_role public.user_role) returns void
  language sql set search_path = '' as $$ select private.change_role(p_user_id, p_role); $$;
comment on function public.change_role(uuid, public.user_role) is 'See private.change_role.';
create function public.remove_person(p_user_id uuid) returns void
  language sql set search_path = '' as $$ select private.remove_person(p_user_id); $$;
comment on function public.remove_person(uuid) is 'See private.remove_person.';
grant execute on function
  private.change_role(uuid, public.user_role), public.change_role(uuid, public.user_role),
  private.remove_person(uuid), public.remove_person(uuid)
to authenticated;
