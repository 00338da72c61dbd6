-- Realtime asks the policies when a channel is joined and when it gets a new token, and not in between. Somebody who was removed
-- keeps the channels they had joined until their last token expires. So for that long the organisation's broadcasts say
-- that something changed, and not what: clients read it again over REST, where rights are asked at every request.

create function private.token_lifetime()
returns interval
language sql
immutable
set search_path = ''
as $$ select interval '61 minutes' $$;
comment on function private.token_lifetime() is
  'How long an access token may still be used after its session has ended: jwt_expiry of supabase/config.toml and a minute for '
  'clocks. Raise both together.';

create function private.withhold_rows(p_org_id uuid, p_now timestamptz default now())
returns void
language sql
set search_path = ''
as $$
  insert into private.withheld_rows (org_id, until) values (p_org_id, p_now + private.token_lifetime())
  on conflict (org_id) do update set until = greatest(excluded.until, private.withheld_rows.until);
$$;
comment on function private.withhold_rows(uuid, timestamptz) is
  'From now on, and for as long as a token lives, broadcasts of this organisation carry no contents.';
