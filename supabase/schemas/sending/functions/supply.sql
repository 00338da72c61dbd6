-- Supply: what each number can still take, and the window keys of a campaign's backlog.

create function private.number_room(p_org_id uuid, p_horizon interval, p_now timestamptz)
returns setof private.pool_number
language sql
stable
set search_path = ''
as $$
  select n.id, n.e164, n.area_code, n.mps, coalesce(n.health_score, 100)::smallint, d.day,
    greatest(0, ceil(n.mps * extract(epoch from p_horizon))::integer - q.queued),
    greatest(coalesce(private.number_cap(n.daily_cap, n.warmup_started_on, o.warmup_caps, d.day),
      2147483647) - coalesce(u.segments, 0), 0),
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
  'What each number of an organisation can still take: segments within p_horizon at its mps, and segments left today under its '
  'cap, including the warm-up caps.';

create function private.waiting_keys(p_campaign_id uuid)
returns setof text
language sql
stable
set search_path = ''
as $$
  -- Skips from key to key in the index: a plain distinct would read the whole backlog.
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
comment on function private.waiting_keys(uuid) is 'The window keys of a campaign''s waiting targets.';
