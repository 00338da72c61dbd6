-- Which rule is in force where and when, in one place for windows, limits and explanations. If hours begin or end in the hour
-- that a clock skips or repeats, the stricter reading counts. Limits per 24 hours come from the rule in force; of two dated rules
-- the newer one. They apply to states with rows, to the default, to the federal rule, and to people whose place is unknown.
-- PL/pgSQL, because it keeps query plans: planning these queries took longer than running them.

create function private.local_range(p_opens timestamp, p_closes timestamp, p_time_zone text)
returns tstzrange
language plpgsql
immutable
strict
set search_path = ''
as $$
declare
  -- "at time zone" gives the later reading of a local time that a clock skips or repeats: right for opening, wrong for closing.
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
  'The time between two local times of a zone. A time that the clock skips or repeats when it changes has two readings: opening '
  'uses the later, closing the earlier. Null if no time is left between them.';

create function private.window_places(p_window_key text, out time_zones text[], out states text[])
language plpgsql
immutable
set search_path = ''
as $$
begin
  if p_window_key = '?' then
    -- The place is unknown: it is open only when it is open everywhere from New York to Honolulu.
    time_zones := array['America/New_York', 'America/Chicago', 'America/Denver', 'America/Phoenix', 'America/Los_Angeles',
      'America/Anchorage', 'Pacific/Honolulu'];
    states := array['??', 'US'];
  else
    time_zones := string_to_array(split_part(p_window_key, '|', 1), ',');
    states := string_to_array(split_part(p_window_key, '|', 2), ',') || 'US'::text;
  end if;
end;
$$;
comment on function private.window_places(text) is
  'The time zones of a window key, and the states whose rules apply there; US, the federal rule, is always one of them.';

create function private.rules_in_force(p_org_id uuid, p_states text[], p_from date, p_to date)
returns table (
  state text, day date, opens time, closes time, max_per_24h smallint, holiday text, source text, is_own boolean,
    is_default boolean, reviewed_at date)
language plpgsql
stable
set search_path = ''
set plan_cache_mode = force_generic_plan
as $$
#variable_conflict use_column
begin
  return query
  with rules as materialized (
    select q.state, q.dow, q.opens, q.closes, q.closed_on_holidays, q.closed_on_state_holidays,
      q.max_per_24h, q.source, q.org_id is not null as is_own,
      q.effective_from, q.effective_to, q.reviewed_at
    from public.quiet_hour_rules q
    where (q.state = any (p_states) or q.state = '*') and (q.org_id is null or q.org_id = p_org_id)
  ),
  -- For each day: on a day on which a state's rule is not in force, or is for another weekday, the default applies.
  candidates as materialized (
    select distinct on (s.state, d.day, r.state, r.is_own) s.state, d.day, r.state = '*' and s.state <> '*' as is_default,
      r.opens, r.closes, r.closed_on_holidays, r.closed_on_state_holidays, r.max_per_24h, r.source, r.is_own, r.reviewed_at
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
    case when h.name is null then c.opens end,
    case when h.name is null then c.closes end,
    -- If an organisation's rule gives no limit, the platform's limit applies.
    coalesce(c.max_per_24h, (
      select p.max_per_24h from candidates p
      where c.is_own and p.state = c.state and p.day = c.day and p.is_default = c.is_default and not p.is_own)),
    h.name,
    c.source, c.is_own, c.is_default, c.reviewed_at
  from unnest(p_states) as s(state)
  cross join (select p_from + n as day from generate_series(0, p_to - p_from) n) d
  left join chosen c on c.state = s.state and c.day = d.day
  left join lateral (
    -- A day may be a holiday of both.
    select x.name from private.holidays x
    where x.day = d.day and ((c.closed_on_holidays and x.state = 'US') or (c.closed_on_state_holidays and x.state = s.state))
    order by x.state = 'US' desc limit 1
  ) h on true;
end;
$$;
comment on function private.rules_in_force(uuid, text[], date, date) is
  'The rule in force for each of these states on each day. The organisation''s rule comes before the platform''s, the state''s '
  'before the default (*), the newer before the older. Hours are null if it is closed that day; holiday is the holiday that '
  'closes it. source is null if no rule is in force.';
