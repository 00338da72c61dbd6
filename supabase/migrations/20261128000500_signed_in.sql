-- Who is signed in, asked of the database at every statement: a token is good for an hour, a ban, a sign-out or a removal counts at once.

create view private.signed_in as
select a.id, a.email::text as email, a.email_confirmed_at
from auth.users a
where a.id = (select auth.uid())
  and a.deleted_at is null
  and (a.banned_until is null or a.banned_until <= now())
  -- Tokens of people name their session; it is gone after a sign-out. Other tokens, such as those of tests, name none.
  and ((select auth.jwt() ->> 'session_id') is null or exists (
    select from auth.sessions s
    where s.id = (select auth.jwt() ->> 'session_id')::uuid and s.user_id = a.id and (s.not_after is null or s.not_after > now())));
comment on view private.signed_in is
  'The account whose token the request carries: no row where it is banned, deleted, or its session has ended, whatever the token says.';

-- In PL/pgSQL: it keeps its plans for the life of a connection, where a function in SQL plans anew in every statement.
create or replace function private.org_id()
returns uuid
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
  return (select u.org_id from private.signed_in s join public.users u on u.id = s.id);
end;
$$;
comment on function private.org_id() is
  'The organisation of the signed-in person; null for anybody else, and for an account that is banned, deleted or signed out. Definer: it must read users before any policy on users can be decided.';

create or replace function private.has_role(p_role public.user_role)
returns boolean
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
  return exists (select from private.signed_in s join public.users u on u.id = s.id where u.role >= p_role);
end;
$$;
comment on function private.has_role(public.user_role) is
  'Whether the signed-in person has this role or a higher one. Definer for the same reason as org_id().';

create or replace function private.require_role(p_role public.user_role)
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
      'You belong to no organisation, or your session has ended. Sign in again; if that does not help, ask whoever runs this platform.');
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
  'Returns the signed-in person''s organisation, or raises PT403 if there is none (also if the account is banned or its session has ended) or the role is too low. First line of every definer function that users can reach.';
