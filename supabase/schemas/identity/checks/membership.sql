-- PL/pgSQL, not SQL: it keeps its query plans as long as the connection lives, while a SQL function plans anew in every
-- statement.
create function private.org_id()
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
  'The organisation of the signed-in person. Null if nobody is signed in, or if the account is banned, deleted or signed out. '
  'Security definer: policies on users call it, so it must read users without them.';
grant execute on function private.org_id() to authenticated, service_role;

create function private.has_role(p_role public.user_role)
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
  'Whether the signed-in person has this role or a higher one. Security definer for the same reason as org_id().';
grant execute on function private.has_role(public.user_role) to authenticated, service_role;
