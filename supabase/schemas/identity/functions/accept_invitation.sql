create function private.accept_invitation(p_token text, p_now timestamptz default now())
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_own_org_id uuid := private.require_role('viewer');
  v_hash bytea;
  v_account private.signed_in;
  v_invitation public.invitations;
  v_org_id uuid;
  v_user public.users;
  v_gone text := 'There is no such invitation for you. It was accepted or withdrawn, its 7 days are over, or it is for another '
    'e-mail address than the one you signed in with.';
begin
  if p_token is null or p_token !~ '^[0-9a-f]{64}$' then
    perform private.raise_error('PT404', 'not_found', v_gone);
  end if;
  -- The invitation is found by the hash of its secret, so the time this takes reveals nothing about the secret.
  v_hash := sha256(decode(p_token, 'hex'));
  select * into v_invitation from public.invitations i where i.token_hash = v_hash and i.expires_at > p_now;
  select * into v_account from private.signed_in s;
  if v_invitation.id is null then
    perform private.raise_error('PT404', 'not_found', v_gone);
  elsif v_invitation.org_id = v_own_org_id then
    perform private.raise_error('PT409', 'invalid_state', 'You are in this organisation already.');
  elsif lower(v_account.email) is distinct from v_invitation.email then
    perform private.raise_error('PT404', 'not_found', v_gone);
  elsif v_account.email_confirmed_at is null then
    perform private.raise_error('PT403', 'forbidden', 'Confirm your e-mail address first.');
  end if;

  for v_org_id in select x.id from unnest(array[v_invitation.org_id, v_own_org_id]) x (id) order by x.id loop
    if v_org_id = v_own_org_id then
      -- Waits for transactions that are writing into this organisation, so that the check below sees their rows.
      perform from public.orgs o where o.id = v_org_id for update;
    else
      perform from public.orgs o where o.id = v_org_id for no key update;
    end if;
  end loop;
  -- Checked again: while this waited for locks, the invitation may have been used or withdrawn, or the inviter may have lost the
  -- right to invite.
  select * into v_user from public.users u where u.id = v_account.id and u.org_id = v_own_org_id for update;
  select * into v_invitation from public.invitations i where i.token_hash = v_hash for update;
  if v_user.id is null or v_invitation.id is null then
    perform private.raise_error('PT404', 'not_found', v_gone);
  elsif not exists (
    select from public.users u join auth.users a on a.id = u.id
    where u.id = v_invitation.invited_by and u.org_id = v_invitation.org_id and u.role = 'admin' and u.role >= v_invitation.role
      and a.deleted_at is null and (a.banned_until is null or a.banned_until <= p_now)) then
    perform private.raise_error('PT409', 'invalid_state',
      'The person who invited you may no longer invite people: ask an admin of the organisation for another invitation.');
  end if;

  perform private.refuse_used_org(v_user);
  delete from public.invitations i where i.id = v_invitation.id;
  update public.users u set org_id = v_invitation.org_id, role = v_invitation.role, is_available = true where u.id = v_user.id;
  delete from public.orgs o where o.id = v_own_org_id;
  perform private.record_audit_event(v_invitation.org_id, 'invitation_accepted', null, null, null,
    jsonb_build_object('invitation_id', v_invitation.id, 'email', v_invitation.email, 'role', v_invitation.role, 'invited_by',
      v_invitation.invited_by));
  return jsonb_build_object('org_id', v_invitation.org_id, 'role', v_invitation.role);
end;
$$;
comment on function private.accept_invitation(text, timestamptz) is
  'Joins the organisation of an invitation with the role that the invitation names. p_token: the invitation''s secret. Returns '
  '{org_id, role}. The caller''s confirmed address must be the invited one, and the inviter must still be an admin. The '
  'caller''s own organisation is deleted; it must be empty and have no other people. Raises PT403, PT404 (also for an invitation '
  'of another address), PT409 invalid_state. Security definer: users may not write the table users.';
grant execute on function private.accept_invitation(text, timestamptz) to authenticated;

create function public.accept_invitation(p_token text) returns jsonb
  language sql set search_path = '' as $$ select private.accept_invitation(p_token); $$;
comment on function public.accept_invitation(text) is 'See private.accept_invitation.';
grant execute on function public.accept_invitation(text) to authenticated;
