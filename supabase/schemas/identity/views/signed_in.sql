create view private.signed_in as
select a.id, a.email::text as email, a.email_confirmed_at
from auth.users a
where a.id = (select auth.uid())
  and a.deleted_at is null
  and (a.banned_until is null or a.banned_until <= now())
  -- Tokens of people name their session; it is gone after a sign-out. Other tokens, such as those of tests, name none.
  and ((select auth.jwt() ->> 'session_id') is null or exists (
    select from auth.sessions s
    where s.id = (select auth.jwt() ->> 'session_id')::uuid and s.user_id = a.id
      and (s.not_after is null or s.not_after > now())));
comment on view private.signed_in is
  'The account whose token the request carries: no row where it is banned, deleted, or its session has ended, whatever the '
  'token says.';
