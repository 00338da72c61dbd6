create view private.signed_in as
select a.id, a.email::text as email, a.email_confirmed_at
from auth.users a
where a.id = (select auth.uid())
  and a.deleted_at is null
  and (a.banned_until is null or a.banned_until <= now())
  -- A token of a person names its session, which is deleted at sign-out. Other tokens, such as those of tests, name no session.
  and ((select auth.jwt() ->> 'session_id') is null or exists (
    select from auth.sessions s
    where s.id = (select auth.jwt() ->> 'session_id')::uuid and s.user_id = a.id
      and (s.not_after is null or s.not_after > now())));
comment on view private.signed_in is
  'The account whose token the request carries. No row if the account is banned or deleted or its session has ended, even if the '
  'token is still valid.';
