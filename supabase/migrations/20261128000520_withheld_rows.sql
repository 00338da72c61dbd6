-- Realtime asks the policies when a channel is joined and when it gets a new token, and not in between. Somebody who was removed
-- keeps the channels they had joined until their last token expires. So for that long the organisation's broadcasts say
-- that something changed, and not what: clients read it again over REST, where rights are asked at every request.

create table private.withheld_rows (
  org_id uuid primary key references public.orgs (id) on delete cascade,
  until timestamptz not null
);
comment on table private.withheld_rows is
  'Organisations that somebody left a short while ago: until then their broadcasts carry ids and no contents.';
alter table private.withheld_rows enable row level security;

create function private.token_lifetime()
returns interval
language sql
immutable
set search_path = ''
as $$ select interval '61 minutes' $$;
comment on function private.token_lifetime() is
  'How long an access token may still be used after its session has ended: jwt_expiry of supabase/config.toml and a minute for clocks. Raise both together.';

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

create or replace function private.broadcast_rows(p_topic text, p_operation text, p_table text, p_records jsonb, p_old_records jsonb default null)
returns void
language plpgsql
set search_path = ''
as $$
declare
  v_records jsonb := p_records;
  v_old_records jsonb := p_old_records;
  v_withheld jsonb := '{}';
begin
  if exists (select from private.withheld_rows w where w.org_id = (p_records -> 0 ->> 'org_id')::uuid and w.until > now()) then
    select jsonb_agg(jsonb_strip_nulls(jsonb_build_object('id', r -> 'id', 'org_id', r -> 'org_id', 'campaign_id', r -> 'campaign_id')))
    into v_records from jsonb_array_elements(p_records) r;
    v_old_records := null;
    v_withheld := '{"withheld": true}';
  end if;
  -- The shape of realtime.broadcast_changes, so a subscriber reads one shape; records holds them all where a statement changed several rows.
  perform realtime.send(
    jsonb_build_object('id', gen_random_uuid(), 'operation', p_operation, 'schema', 'public', 'table', p_table,
      'record', v_records -> 0, 'old_record', v_old_records -> 0, 'records', v_records) || v_withheld,
    p_operation, p_topic, true);
end;
$$;
comment on function private.broadcast_rows(text, text, text, jsonb, jsonb) is
  'Sends one broadcast to one private topic, event INSERT, UPDATE or DELETE. For an hour after somebody left the organisation: ids only, and withheld: true.';

create function private.withhold_rows_of_account()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  perform private.withhold_rows(u.org_id) from public.users u where u.id = new.id;
  return null;
end;
$$;
comment on function private.withhold_rows_of_account() is
  'Trigger: an account that is banned or deleted may still listen on channels it has joined; they carry no contents for as long as its token lives. Definer: the auth service may write nothing of ours.';
create trigger on_auth_user_banned after update on auth.users
  for each row when (
    (new.banned_until is not null and old.banned_until is distinct from new.banned_until)
    or (new.deleted_at is not null and old.deleted_at is null))
  execute function private.withhold_rows_of_account();
