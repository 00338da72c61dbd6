-- Rates: a number's pace and cap count segments, as Twilio does; new numbers warm up; carriers cap a brand's day; a person waits
-- 15 minutes for the number they know.

alter table public.orgs
  add column warmup_caps integer[] not null default '{100,200,400,800,1600,2000}'
    check (cardinality(warmup_caps) between 1 and 60 and 0 < all (warmup_caps));
comment on column public.orgs.warmup_caps is
  'Segments a day that a number which is warming up may send, from its first day on; after the last it is warm and has its own cap alone.';
grant update (warmup_caps) on public.orgs to authenticated;

alter table public.phone_numbers add column warmup_started_on date;
comment on column public.phone_numbers.warmup_started_on is 'First day of warming up, in the number''s zone; null: it is warm.';
comment on column public.phone_numbers.mps is 'Segments a second: Twilio counts a long text as the segments it is sent in.';

create table public.carrier_caps (
  id uuid primary key default gen_random_uuid(),
  org_id uuid not null references public.orgs (id) on delete cascade,
  carrier text not null check (carrier = lower(trim(carrier)) and length(carrier) between 2 and 60),
  daily_segments integer not null check (daily_segments >= 0),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  unique (org_id, carrier)
);
comment on table public.carrier_caps is
  'What a carrier takes from an organisation''s brand in a day, over all its numbers; days begin at midnight Pacific (Twilio 30023, facts of the campaign''s registration). A phone is a carrier''s whose name holds the word; one whose carrier nobody knows counts against the tightest.';
comment on column public.carrier_caps.carrier is 'A word of the carrier''s name in lower case, such as t-mobile.';
create trigger carrier_caps_updated_at before update on public.carrier_caps
  for each row execute function private.set_updated_at();

alter table public.carrier_caps enable row level security;
create policy "people read carrier caps of their organisation" on public.carrier_caps
  for select to authenticated using (org_id = (select private.org_id()));
create policy "admins add carrier caps to their organisation" on public.carrier_caps
  for insert to authenticated with check (org_id = (select private.org_id()) and (select private.has_role('admin')));
create policy "admins change carrier caps of their organisation" on public.carrier_caps
  for update to authenticated
  using (org_id = (select private.org_id()) and (select private.has_role('admin')))
  with check (org_id = (select private.org_id()) and (select private.has_role('admin')));
create policy "admins remove carrier caps of their organisation" on public.carrier_caps
  for delete to authenticated using (org_id = (select private.org_id()) and (select private.has_role('admin')));
grant select, delete on public.carrier_caps to authenticated;
grant insert (org_id, carrier, daily_segments), update (carrier, daily_segments) on public.carrier_caps to authenticated;
grant select, insert, update, delete on public.carrier_caps to service_role;

alter table private.daily_usage drop constraint daily_usage_scope_check;
alter table private.daily_usage add constraint daily_usage_scope_check check (scope in ('number', 'campaign', 'org', 'carrier'));
alter table public.messages add column carrier_cap_id uuid;
comment on column public.messages.carrier_cap_id is 'The carrier cap it was charged against when planned; null: none applied.';

alter table public.campaign_targets add column sticky_until timestamptz;
comment on column public.campaign_targets.sticky_until is 'Until when it waits for the number the person knows, which is full or shut; then another takes over.';

create function private.carrier_day(p_now timestamptz)
returns date
language sql
stable
set search_path = ''
as $$
  select (p_now at time zone 'America/Los_Angeles')::date;
$$;
comment on function private.carrier_day(timestamptz) is 'The day on which a carrier counts: Pacific (facts: T-Mobile''s brand cap resets at 00:00 US/Pacific).';

create function private.number_cap(p_daily_cap integer, p_warmup_started_on date, p_warmup_caps integer[], p_day date)
returns integer
language sql
immutable
set search_path = ''
as $$
  select case
    when p_warmup_started_on is null or p_day - p_warmup_started_on >= cardinality(p_warmup_caps) then p_daily_cap
    when p_day < p_warmup_started_on then 0
    else least(p_daily_cap, p_warmup_caps[p_day - p_warmup_started_on + 1])
  end;
$$;
comment on function private.number_cap(integer, date, integer[], date) is
  'Segments a number may send on a day: its own cap, and while it warms up that day''s of the ramp; null: no limit.';

create or replace function private.charges_of(p_messages uuid[])
returns table (scope text, scope_id uuid, day date, messages integer, segments integer)
language sql
stable
set search_path = ''
as $$
  -- A number's day is its own zone's, a carrier's Pacific; the campaign's and the organisation's is the organisation's: around midnight they differ.
  select x.scope, x.scope_id, x.day, count(*)::integer, sum(m.charged_segments)::integer
  from public.messages m
  join public.orgs o on o.id = m.org_id
  cross join lateral (
    values ('org', m.org_id, (m.queued_at at time zone o.time_zone)::date),
      ('campaign', m.campaign_id, (m.queued_at at time zone o.time_zone)::date),
      ('number', m.phone_number_id, m.charged_day),
      ('carrier', m.carrier_cap_id, private.carrier_day(m.queued_at))
  ) as x(scope, scope_id, day)
  where m.id = any (p_messages) and m.charged_day is not null and x.scope_id is not null
  group by x.scope, x.scope_id, x.day;
$$;

create or replace function private.lock_usage(p_messages uuid[])
returns void
language sql
set search_path = ''
as $$
  -- The order in which planning charges. Two that refund, or one and a plan, then never deadlock.
  select 1 from private.daily_usage u
  where (u.scope, u.scope_id, u.day) in (select c.scope, c.scope_id, c.day from private.charges_of(p_messages) c)
  order by array_position(array['org', 'campaign', 'carrier', 'number'], u.scope), u.scope_id, u.day
  for no key update;
$$;

create function private.open_usage(p_scope text, p_ids uuid[], p_days date[])
returns void
language plpgsql
set search_path = ''
as $$
begin
  insert into private.daily_usage (scope, scope_id, day)
  select p_scope, x.id, x.day from unnest(p_ids, p_days) as x(id, day) order by x.id, x.day
  on conflict do nothing;
  perform 1 from private.daily_usage u
  where u.scope = p_scope and (u.scope_id, u.day) in (select x.id, x.day from unnest(p_ids, p_days) as x(id, day))
  order by u.scope_id, u.day for no key update;
end;
$$;
comment on function private.open_usage(text, uuid[], date[]) is
  'Locks daily caps of a scope in the order of their ids, making rows where there are none. Planning opens organisation, campaigns, carriers and numbers, in this order.';

alter type private.pool_number add attribute is_active boolean;
comment on type private.pool_number is
  'A number while planning: room is segments it can still take in the horizon, segment_room segments left today, usable whether it is active and not resting, is_open whether its own hours are open for a minute more, planned segments that are queued on it, is_active whether it may be waited for.';

create or replace function private.number_room(p_org_id uuid, p_horizon interval, p_now timestamptz)
returns setof private.pool_number
language sql
stable
set search_path = ''
as $$
  select n.id, n.e164, n.area_code, n.mps, coalesce(n.health_score, 100)::smallint, d.day,
    greatest(0, ceil(n.mps * extract(epoch from p_horizon))::integer - q.queued),
    greatest(coalesce(private.number_cap(n.daily_cap, n.warmup_started_on, o.warmup_caps, d.day), 2147483647) - coalesce(u.segments, 0), 0),
    n.status = 'active' and p.resting_until <= p_now,
    coalesce(private.number_open_until(n.quiet_starts, n.quiet_ends, n.time_zone, p_now) > p_now + interval '60 seconds', false),
    q.queued,
    n.status = 'active'
  from public.phone_numbers n
  join public.orgs o on o.id = n.org_id
  join private.number_pace p on p.phone_number_id = n.id
  cross join lateral (select (p_now at time zone n.time_zone)::date as day) d
  left join private.daily_usage u on u.scope = 'number' and u.scope_id = n.id and u.day = d.day
  cross join lateral (
    select coalesce(sum(m.charged_segments), 0)::integer as queued
    from public.messages m where m.phone_number_id = n.id and m.is_open and m.status = 'queued'
  ) q
  where n.org_id = p_org_id and n.status <> 'released'
  order by n.id;
$$;
comment on function private.number_room(uuid, interval, timestamptz) is
  'What each number of an organisation can still take: segments within the horizon at its mps, and segments left today under its cap, warming up considered.';

create or replace function private.waiting_keys(p_campaign_id uuid)
returns setof text
language sql
stable
set search_path = ''
as $$
  -- Steps from key to key through the index: a plain distinct reads the whole backlog.
  with recursive k as (
    (select t.window_key from public.campaign_targets t
     where t.campaign_id = p_campaign_id and t.is_waiting order by t.window_key limit 1)
    union all
    select (select t.window_key from public.campaign_targets t
            where t.campaign_id = p_campaign_id and t.is_waiting and t.window_key > k.window_key
            order by t.window_key limit 1)
    from k where k.window_key is not null
  )
  select k.window_key from k where k.window_key is not null;
$$;
