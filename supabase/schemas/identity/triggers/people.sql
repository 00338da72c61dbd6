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
  -- If two admins leave at the same time, one waits here: the second checks after the first has committed.
  perform from public.orgs o where o.id = old.org_id for no key update;
  -- If the organisation is not found, it is being deleted with all its people.
  if found and exists (select from public.users u where u.org_id = old.org_id)
    and not exists (select from public.users u where u.org_id = old.org_id and u.role = 'admin') then
    perform private.raise_error('PT409', 'invalid_state',
      'An organisation with people in it needs an admin: make somebody else admin first.',
      jsonb_build_object('org_id', old.org_id));
  end if;
  return null;
end;
$$;
comment on function private.keep_an_admin() is
  'Trigger: refuses a change that would leave an organisation''s people without an admin (PT409 invalid_state): a lower role, a '
  'removal or a deleted account. Security definer: the role that deletes accounts may not read organisations.';

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
    perform private.record_audit_event(old.org_id, case when old.id = auth.uid() then 'person_left'
      else 'person_removed' end, null, null, null, v_person);
    perform private.withhold_rows(old.org_id);
  end if;
  if tg_op = 'UPDATE' then
    perform private.record_audit_event(new.org_id, 'person_joined', null, null, null,
      v_person || jsonb_build_object('role', new.role));
  end if;
  return null;
end;
$$;
comment on function private.record_membership() is
  'Trigger: records an audit event for every changed role, removal and arrival, no matter who made it. Deletes the invitations '
  'sent by a person who leaves or changes role. After a person leaves, realtime messages are sent without contents for a while '
  '(withhold_rows). Security definer: no role may write audit events.';
