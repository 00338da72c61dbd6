-- Windows: may a person be written to now, and if not, when. The strictest of all that apply: the organisation's hours,
-- the federal rule (47 CFR 64.1200(c)(1)) and the state's, in every time zone and state the person may be in.
-- Daylight saving comes from Postgres' own time zone data: days are walked in local time, never by adding hours.

create view private.state_zones with (security_invoker = true) as
  select a.state, array_agg(distinct z.zone order by z.zone) as time_zones
  from private.area_codes a cross join lateral unnest(a.time_zones) as z(zone)
  group by a.state;
comment on view private.state_zones is 'Every time zone of a state, from its area codes.';

create function private.window_key(p_e164 text, p_state text)
returns text
language sql
stable
set search_path = ''
as $$
  select case
    when cardinality(p.zones) = 0 then '?'
    else array_to_string(p.zones, ',') || '|' || array_to_string(p.states, ',')
  end
  from (
    select
      array(
        select distinct z from (
          select unnest(a.time_zones) as z from private.area_codes a where p_e164 like '+1%' and a.area_code = substr(p_e164, 3, 3)
          union all
          select unnest(s.time_zones) from private.state_zones s where s.state = p_state
        ) zones order by z
      ) as zones,
      array(
        select distinct s from (
          select a.state as s from private.area_codes a where p_e164 like '+1%' and a.area_code = substr(p_e164, 3, 3)
          union all
          select s.state from private.state_zones s where s.state = p_state
        ) states order by s
      ) as states
  ) p;
$$;
comment on function private.window_key(text, text) is
  'Where a person may be, from the area code of their phone and the state of their mailing address: "zone,zone|state,state", or "?" where neither is known.';

create function private.window_rules(p_org_id uuid, p_window_key text, p_from date, p_to date)
returns table (rule text, time_zone text, source text, open_times tstzmultirange)
language sql
stable
set search_path = ''
as $$
  with places as (
    select
      case p_window_key when '?'
        -- Nobody knows where: open only where it is open from New York to Honolulu.
        then array['America/New_York', 'America/Chicago', 'America/Denver', 'America/Phoenix', 'America/Los_Angeles', 'America/Anchorage', 'Pacific/Honolulu']
        else string_to_array(split_part(p_window_key, '|', 1), ',')
      end as zones,
      case p_window_key when '?' then array['??'] else string_to_array(split_part(p_window_key, '|', 2), ',') end as states
  ),
  days as (
    select d::date as day from generate_series(p_from::timestamp, p_to::timestamp, interval '1 day') d
  ),
  states as (
    select s.state as rule from places p cross join lateral unnest(p.states || 'US'::text) as s(state)
  ),
  state_times as (
    select s.rule, z.zone, string_agg(distinct r.source, '; ') as source,
      coalesce(
        range_agg(tstzrange((d.day + r.opens) at time zone z.zone, (d.day + r.closes) at time zone z.zone))
          filter (where r.opens is not null and not (r.closed_on_holidays and h.day is not null)),
        '{}'::tstzmultirange
      ) as open_times
    from states s
    cross join places p
    cross join lateral unnest(p.zones) as z(zone)
    cross join days d
    left join private.holidays h on h.day = d.day
    left join lateral (
      select q.opens, q.closes, q.closed_on_holidays, q.source
      from public.quiet_hour_rules q
      where q.state in (s.rule, '*') and q.dow = extract(dow from d.day)
        and (q.org_id is null or q.org_id = p_org_id)
        and q.effective_from <= d.day and (q.effective_to is null or q.effective_to > d.day)
      -- Day by day: a rule that is not yet, or no longer, in force leaves the default, and so does one for another weekday.
      order by q.state = '*', q.org_id nulls last, q.effective_from desc
      limit 1
    ) r on true
    group by s.rule, z.zone
  )
  select 'org', o.time_zone, 'the organisation''s own hours',
    range_agg(tstzrange((d.day + t.opens) at time zone o.time_zone, (d.day + t.closes) at time zone o.time_zone))
  from public.orgs o
  cross join days d
  cross join lateral (
    select o.quiet_ends as opens, o.quiet_starts as closes where o.quiet_ends < o.quiet_starts
    union all
    select time '00:00', o.quiet_starts where o.quiet_starts < o.quiet_ends and o.quiet_starts > time '00:00'
    union all
    select o.quiet_ends, time '24:00' where o.quiet_starts < o.quiet_ends
  ) t
  where o.id = p_org_id
  group by o.time_zone
  union all
  select case st.rule when 'US' then 'federal' else st.rule end, st.zone, coalesce(st.source, 'no rule in force'), st.open_times
  from state_times st;
$$;
comment on function private.window_rules(uuid, text, date, date) is
  'Each rule that applies to a window key, in each of its time zones, and the times it leaves open between two days. On a day for which a state has no rule the default (*) holds.';

create function private.window_state(p_org_id uuid, p_window_key text, p_now timestamptz default now(), p_store boolean default false)
returns private.windows
language plpgsql
volatile
set search_path = ''
as $$
declare
  v_window private.windows;
  v_open tstzmultirange;
  v_range tstzrange;
  v_horizon timestamptz := p_now + interval '9 days';
begin
  select * into v_window from private.windows w
  where w.org_id = p_org_id and w.window_key = p_window_key and w.valid_from <= p_now and w.valid_to > p_now;
  if found then
    return v_window;
  end if;

  -- Two days before and after: a local day of Guam or Honolulu reaches that far from the day in UTC.
  select range_intersect_agg(r.open_times) into v_open
  from private.window_rules(p_org_id, p_window_key, (p_now - interval '2 days')::date, (p_now + interval '11 days')::date) r;

  v_window.org_id := p_org_id;
  v_window.window_key := p_window_key;
  v_window.valid_from := p_now;
  select r into v_range from unnest(v_open) r where r @> p_now;
  v_window.is_open := found;
  if v_window.is_open then
    v_window.valid_to := least(upper(v_range), v_horizon);
    v_window.next_open_at := p_now;
  else
    select min(lower(r)) into v_window.next_open_at from unnest(v_open) r where lower(r) > p_now;
    v_window.valid_to := least(coalesce(v_window.next_open_at, v_horizon), v_horizon);
  end if;

  -- Per-24-hours limits of every state the person may be in; the lowest binds.
  select min(q.max_per_24h) into v_window.max_per_24h
  from public.quiet_hour_rules q
  where q.state = any (string_to_array(split_part(p_window_key, '|', 2), ','))
    and (q.org_id is null or q.org_id = p_org_id)
    and q.effective_from <= p_now::date and (q.effective_to is null or q.effective_to > p_now::date);

  -- Only planning stores (one planner per organisation): claims storing several keys in different orders could deadlock.
  if not p_store then
    return v_window;
  end if;
  insert into private.windows values (v_window.*)
  on conflict (org_id, window_key) do update
    set is_open = excluded.is_open, valid_from = excluded.valid_from, valid_to = excluded.valid_to,
        next_open_at = excluded.next_open_at, max_per_24h = excluded.max_per_24h;
  return v_window;
end;
$$;
comment on function private.window_state(uuid, text, timestamptz, boolean) is
  'Whether a window key is open at p_now and until when that holds. Answers from the cache while it holds, and fills it with p_store; a closed one says when it opens next (null: not within 9 days).';

create function private.number_open_until(p_quiet_starts time, p_quiet_ends time, p_time_zone text, p_now timestamptz)
returns timestamptz
language sql
immutable
set search_path = ''
as $$
  select case
    when p_quiet_ends < p_quiet_starts then
      case when n.t >= p_quiet_ends and n.t < p_quiet_starts then (n.day + p_quiet_starts) at time zone p_time_zone end
    when n.t < p_quiet_starts then (n.day + p_quiet_starts) at time zone p_time_zone
    when n.t >= p_quiet_ends then (n.day + 1 + p_quiet_starts) at time zone p_time_zone
  end
  from (select (p_now at time zone p_time_zone)::time as t, (p_now at time zone p_time_zone)::date as day) n;
$$;
comment on function private.number_open_until(time, time, text, timestamptz) is
  'Until when a number''s own hours are open at p_now; null while they are quiet.';

create function private.person_window(p_org_id uuid, p_e164 text, p_now timestamptz default now())
returns private.windows
language sql
volatile
set search_path = ''
as $$
  select w.* from private.window_state(
    p_org_id,
    private.window_key(p_e164, (
      select l.state from public.lead_phones p join public.leads l on l.id = p.lead_id
      where p.org_id = p_org_id and p.e164 = p_e164 and l.state is not null
      order by (l.deleted_at is null) desc, p.created_at limit 1
    )),
    p_now) w;
$$;
comment on function private.person_window(uuid, text, timestamptz) is 'The window of one person, from their phone and the mailing address of their lead.';
