-- Which rule holds where and when, in one place for windows, limits and explanations. What changes:
-- * hours that begin or end in the hour that a clock skips or repeats are read strictly, and no longer raise: an organisation quiet
--   from 03:00 to 02:30 had no plan for the two weeks around the night in March in which 02:30 does not exist;
-- * limits per 24 hours come from the rule in force, so that of two dated rules only the younger binds, and they count for the
--   default, the federal rule and people of whom nobody knows where they are, not only for states with rows;
-- * an answer that is not kept costs 0.5 to 0.8 ms in place of 4 to 16: planning these queries took longer than running them, so
--   they are plpgsql, which keeps plans, and the kept plan is made to be used.

create index area_codes_state_idx on private.area_codes (state);

create function private.local_range(p_opens timestamp, p_closes timestamp, p_time_zone text)
returns tstzrange
language plpgsql
immutable
strict
set search_path = ''
as $$
declare
  -- "at time zone" gives the later reading of a local time that a clock skips or repeats: right for opening, not for closing.
  v_opens timestamptz := p_opens at time zone p_time_zone;
  v_closes timestamptz := p_closes at time zone p_time_zone;
  v_wall timestamp := v_closes at time zone p_time_zone;
begin
  if v_wall <> p_closes then
    v_closes := v_closes - (v_wall - p_closes);
  elsif (v_closes - interval '1 hour') at time zone p_time_zone = p_closes then
    v_closes := v_closes - interval '1 hour';
  end if;
  return case when v_opens < v_closes then tstzrange(v_opens, v_closes) end;
end;
$$;
comment on function private.local_range(timestamp, timestamp, text) is
  'The time between two local times of a zone. One that the clock skips or repeats in the night it changes has two readings: it opens at the later and closes at the earlier. Null where nothing is left.';

create function private.window_places(p_window_key text, out time_zones text[], out states text[])
language plpgsql
immutable
set search_path = ''
as $$
begin
  if p_window_key = '?' then
    -- Nobody knows where: open only where it is open from New York to Honolulu.
    time_zones := array['America/New_York', 'America/Chicago', 'America/Denver', 'America/Phoenix', 'America/Los_Angeles', 'America/Anchorage', 'Pacific/Honolulu'];
    states := array['??', 'US'];
  else
    time_zones := string_to_array(split_part(p_window_key, '|', 1), ',');
    states := string_to_array(split_part(p_window_key, '|', 2), ',') || 'US'::text;
  end if;
end;
$$;
comment on function private.window_places(text) is
  'The time zones of a window key and whose rules hold there: its states'' and US, the federal one.';

create function private.rules_in_force(p_org_id uuid, p_states text[], p_from date, p_to date)
returns table (
  state text, day date, opens time, closes time, max_per_24h smallint, holiday text, source text, is_own boolean, is_default boolean, reviewed_at date)
language plpgsql
stable
set search_path = ''
set plan_cache_mode = force_generic_plan
as $$
#variable_conflict use_column
begin
  return query
  with rules as materialized (
    select q.state, q.dow, q.opens, q.closes, q.closed_on_holidays, q.max_per_24h, q.source, q.org_id is not null as is_own,
      q.effective_from, q.effective_to, q.reviewed_at
    from public.quiet_hour_rules q
    where (q.state = any (p_states) or q.state = '*') and (q.org_id is null or q.org_id = p_org_id)
  ),
  -- Day by day: a rule that is not yet, or no longer, in force leaves the default, and so does one for another weekday.
  candidates as materialized (
    select distinct on (s.state, d.day, r.state, r.is_own) s.state, d.day, r.state = '*' and s.state <> '*' as is_default,
      r.opens, r.closes, r.closed_on_holidays, r.max_per_24h, r.source, r.is_own, r.reviewed_at
    from unnest(p_states) as s(state)
    cross join (select p_from + n as day from generate_series(0, p_to - p_from) n) d
    join rules r on r.state in (s.state, '*') and r.dow = extract(dow from d.day)
      and r.effective_from <= d.day and (r.effective_to is null or r.effective_to > d.day)
    order by s.state, d.day, r.state, r.is_own, r.effective_from desc
  ),
  chosen as (
    select distinct on (c.state, c.day) c.* from candidates c order by c.state, c.day, c.is_default, c.is_own desc
  )
  select s.state, d.day,
    case when not (c.closed_on_holidays and h.day is not null) then c.opens end,
    case when not (c.closed_on_holidays and h.day is not null) then c.closes end,
    -- An organisation's rule that says nothing of a limit leaves the platform's.
    coalesce(c.max_per_24h, (
      select p.max_per_24h from candidates p
      where c.is_own and p.state = c.state and p.day = c.day and p.is_default = c.is_default and not p.is_own)),
    case when c.closed_on_holidays then h.name end,
    c.source, c.is_own, c.is_default, c.reviewed_at
  from unnest(p_states) as s(state)
  cross join (select p_from + n as day from generate_series(0, p_to - p_from) n) d
  left join chosen c on c.state = s.state and c.day = d.day
  left join private.holidays h on h.day = d.day;
end;
$$;
comment on function private.rules_in_force(uuid, text[], date, date) is
  'The rule that holds for each of these states on each day: the organisation''s before the platform''s, the state''s before the default (*), the younger before the older. Hours are null where it is closed, holiday names the one that closes it, source is null where no rule holds.';

create or replace function private.window_rules(p_org_id uuid, p_window_key text, p_from date, p_to date)
returns table (rule text, time_zone text, source text, open_times tstzmultirange)
language plpgsql
stable
set search_path = ''
set plan_cache_mode = force_generic_plan
as $$
#variable_conflict use_column
begin
  return query
  select 'org', o.time_zone, 'the organisation''s own hours',
    -- From the day before: hours open over midnight began there.
    coalesce(range_agg(private.local_range(
      d.day + o.quiet_ends, d.day + (o.quiet_starts < o.quiet_ends)::integer + o.quiet_starts, o.time_zone)), '{}')
  from public.orgs o
  cross join (select p_from + n as day from generate_series(-1, p_to - p_from) n) d
  where o.id = p_org_id
  group by o.time_zone
  union all
  select case f.state when 'US' then 'federal' else f.state end, z.zone,
    coalesce(string_agg(distinct f.source, '; '), 'no rule in force'),
    coalesce(range_agg(private.local_range(f.day + f.opens, f.day + f.closes, z.zone)), '{}')
  from private.window_places(p_window_key) p
  cross join lateral private.rules_in_force(p_org_id, p.states, p_from, p_to) f
  cross join lateral unnest(p.time_zones) as z(zone)
  group by f.state, z.zone;
end;
$$;

create or replace function private.number_open_until(p_quiet_starts time, p_quiet_ends time, p_time_zone text, p_now timestamptz)
returns timestamptz
language plpgsql
immutable
set search_path = ''
as $$
declare
  v_local timestamp := p_now at time zone p_time_zone;
  v_over_midnight boolean := p_quiet_starts < p_quiet_ends;
  v_day date := v_local::date;
  v_open tstzrange;
begin
  -- The day on which the hours began that may hold now: those open over midnight, yesterday.
  if v_over_midnight and v_local::time < p_quiet_ends then
    v_day := v_day - 1;
  end if;
  v_open := private.local_range(v_day + p_quiet_ends, v_day + v_over_midnight::integer + p_quiet_starts, p_time_zone);
  return case when v_open @> p_now then upper(v_open) end;
end;
$$;
