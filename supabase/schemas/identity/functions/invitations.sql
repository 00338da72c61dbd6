-- Invitations: the inviter hands on a secret, and the person with the invited address accepts it when signed in. Signing up alone
-- joins nobody to another organisation. Only the hash of the secret is stored. An invitation that was accepted or withdrawn or
-- has expired is deleted; audit events keep a record of it.

create function private.invite_person(p_email text, p_role public.user_role, p_now timestamptz default now())
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_org_id uuid := private.lock_own_org('admin');
  v_email text := lower(trim(p_email));
  -- Two random uuids: 244 bits.
  v_secret bytea := uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid());
  v_invitation public.invitations;
begin
  if v_email is null or length(v_email) > 254 or v_email !~ '^[^@[:space:][:cntrl:]]{1,64}@[^@[:space:][:cntrl:]]{1,189}$' then
    perform private.refuse_field('email', 'email must be an e-mail address such as ana@example.com, of at most 254 characters.');
  elsif p_role is null or not private.has_role(p_role) then
    perform private.refuse_field('role', 'role must be viewer, operator, campaign_manager or admin, and not above your own.');
  elsif exists (select from public.users u where u.org_id = v_org_id and lower(u.email) = v_email) then
    perform private.raise_error('PT409', 'duplicate', 'Somebody with this e-mail address is in your organisation already.');
  end if;
  delete from public.invitations i where i.org_id = v_org_id and i.expires_at <= p_now;
  select * into v_invitation from public.invitations i where i.org_id = v_org_id and i.email = v_email;
  if v_invitation.id is not null then
    perform private.raise_error('PT409', 'duplicate',
      'This address is invited already. For a new token, withdraw that invitation first.',
      jsonb_build_object('invitation_id', v_invitation.id, 'expires_at', v_invitation.expires_at));
  elsif (select count(*) from public.invitations i where i.org_id = v_org_id) >= 50 then
    perform private.raise_error('PT409', 'invalid_state',
      'Your organisation has 50 open invitations, the most there may be: withdraw some of them.');
  end if;
  insert into public.invitations (org_id, email, role, invited_by, created_at, expires_at, token_hash)
  values (v_org_id, v_email, p_role, auth.uid(), p_now, p_now + interval '7 days', sha256(v_secret))
  returning * into v_invitation;
  perform private.record_audit_event(v_org_id, 'person_invited', null, null, null,
    jsonb_build_object('invitation_id', v_invitation.id, 'email', v_email, 'role', p_role));
  return to_jsonb(v_invitation) - 'token_hash' || jsonb_build_object('token', encode(v_secret, 'hex'));
end;
$$;
comment on function private.invite_person(text, public.user_role, timestamptz) is
  'Admins: invites an e-mail address for 7 days. Returns the invitation with token, its secret (64 hex digits), which is '
  'returned only this once. No mail is sent. Raises PT403; PT409 duplicate if the person is in the organisation or the address '
  'is already invited; PT409 invalid_state if 50 invitations are open; PT422. Security definer: users may not write invitations.';
grant execute on function private.invite_person(text, public.user_role, timestamptz) to authenticated;

create function public.invite_person(p_email text, p_role public.user_role) returns jsonb
  language sql set search_path = '' as $$ select private.invite_person(p_email, p_role); $$;
comment on function public.invite_person(text, public.user_role) is 'See private.invite_person.';
grant execute on function public.invite_person(text, public.user_role) to authenticated;

create function private.withdraw_invitation(p_invitation_id uuid)
returns void
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_org_id uuid := private.lock_own_org('admin');
  v_invitation public.invitations;
begin
  delete from public.invitations i where i.org_id = v_org_id and i.id = p_invitation_id returning * into v_invitation;
  if v_invitation.id is null then
    perform private.raise_error('PT404', 'not_found', 'There is no open invitation with this id.');
  end if;
  perform private.record_audit_event(v_org_id, 'invitation_withdrawn', null, null, null,
    jsonb_build_object('invitation_id', v_invitation.id, 'email', v_invitation.email, 'role', v_invitation.role));
end;
$$;
comment on function private.withdraw_invitation(uuid) is
  'Admins: withdraws an open invitation of their organisation; its token is void at once. Raises PT403, PT404. Security definer: '
  'users may not write invitations.';
grant execute on function private.withdraw_invitation(uuid) to authenticated;

create function public.withdraw_invitation(p_invitation_id uuid) returns void
  language sql set search_path = '' as $$ select private.withdraw_invitation(p_invitation_id); $$;
comment on function public.withdraw_invitation(uuid) is 'See private.withdraw_invitation.';
grant execute on function public.withdraw_invitation(uuid) to authenticated;

create function private.org_is_unused(p_org_id uuid)
returns boolean
language plpgsql
stable
set search_path = ''
as $$
declare
  v_table regclass;
  v_found boolean;
begin
  -- Every table that refers to organisations counts, tables added later too. The exceptions are tables with rows that each
  -- organisation has from the beginning.
  for v_table in
    select c.conrelid::regclass
    from pg_catalog.pg_constraint c join pg_catalog.pg_class t on t.oid = c.conrelid
    where c.contype = 'f' and c.confrelid = 'public.orgs'::regclass and t.relnamespace = 'public'::regnamespace
      and t.relname not in ('users', 'templates', 'template_versions', 'sending_limits', 'audit_events', 'invitations')
  loop
    execute format('select exists (select from %s x where x.org_id = $1)', v_table) into v_found using p_org_id;
    if v_found then
      return false;
    end if;
  end loop;
  return not exists (
    select from public.templates t join public.orgs o on o.id = t.org_id
    where t.org_id = p_org_id and (t.created_at <> o.created_at or t.updated_at <> o.created_at));
end;
$$;
comment on function private.org_is_unused(uuid) is
  'Whether an organisation contains only what it was created with: no lead, campaign, number, import, or text of its own.';

create function private.refuse_used_org(p_user public.users)
returns void
language plpgsql
set search_path = ''
as $$
begin
  if exists (select from public.users u where u.org_id = p_user.org_id and u.id <> p_user.id) then
    perform private.raise_error('PT409', 'invalid_state',
      'You belong to an organisation with other people. Ask an admin of it to remove you, or sign up with another e-mail '
      'address and ask for an invitation to that address.');
  elsif not private.org_is_unused(p_user.org_id) then
    perform private.raise_error('PT409', 'invalid_state',
      'Your own organisation is in use, and a person belongs to one only. Sign up with another e-mail address and ask for an '
      'invitation to that address.');
  end if;
end;
$$;
comment on function private.refuse_used_org(public.users) is
  'Raises PT409 invalid_state unless the person is alone in their organisation and it is empty, because joining another '
  'organisation deletes it.';
