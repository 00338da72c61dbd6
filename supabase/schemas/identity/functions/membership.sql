-- Identity: organisations, the people in them, invitations, and the two membership functions that every policy uses. A person
-- belongs to one organisation. A sign-up creates a new one; who accepts an invitation moves to the one that invited them.

create function private.require_role(p_role public.user_role)
returns uuid
language plpgsql
stable
set search_path = ''
as $$
declare
  v_org_id uuid;
  v_role public.user_role;
begin
  select u.org_id, u.role into v_org_id, v_role from private.signed_in s join public.users u on u.id = s.id;
  if v_org_id is null then
    perform private.raise_error('PT403', 'no_organization',
      'You belong to no organisation, or your session has ended. Sign in again; if that does not help, ask the people who run '
      'this platform.');
  end if;
  if v_role < p_role then
    perform private.raise_error(
      'PT403', 'forbidden', format('This needs the role %s; yours is %s.', p_role, v_role),
      jsonb_build_object('required_role', p_role, 'role', v_role));
  end if;
  return v_org_id;
end;
$$;
comment on function private.require_role(public.user_role) is
  'Returns the organisation of the signed-in person. Raises PT403 if there is none (also if the account is banned or its session '
  'has ended) or if the person''s role is too low. It is the first line of every security definer function that users can call.';
