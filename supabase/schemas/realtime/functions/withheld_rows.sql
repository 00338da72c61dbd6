-- Realtime checks the policies when a client joins a channel and when it sends a new token, but not in between. A person who was
-- removed keeps the channels they had joined until their last token expires. Until then, the organisation's broadcasts say that
-- something changed, but not what. Clients read the rows again over REST, where rights are checked with every request.

create function private.token_lifetime()
returns interval
language sql
immutable
set search_path = ''
as $$ select interval '61 minutes' $$;
comment on function private.token_lifetime() is
  'How long an access token may still be used after its session has ended: jwt_expiry of supabase/config.toml, plus a minute for '
  'clocks that differ. Raise both together.';

create function private.withhold_rows(p_org_id uuid, p_now timestamptz default now())
returns void
language sql
set search_path = ''
as $$
  insert into private.withheld_rows (org_id, until) values (p_org_id, p_now + private.token_lifetime())
  on conflict (org_id) do update set until = greatest(excluded.until, private.withheld_rows.until);
$$;
comment on function private.withhold_rows(uuid, timestamptz) is
  'For as long as an access token may still be used from now on, broadcasts of this organisation carry no contents.';
