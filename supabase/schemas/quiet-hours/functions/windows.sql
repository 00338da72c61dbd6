-- Quiet hours: dated rules by state with their source, federal holidays, area codes, and the cache of answers. Rules are data,
-- never code. An organisation's own row for a state and weekday replaces the platform's.

create function private.window_key(p_e164 text, p_state text)
returns text
language plpgsql
stable
set search_path = ''
as $$
declare
  v_zones text[];
  v_states text[];
begin
  select array_agg(distinct z.zone order by z.zone), array_agg(distinct p.state order by p.state) into v_zones, v_states
  from (
    select a.state, a.time_zones from private.area_codes a where p_e164 like '+1%' and a.area_code = substr(p_e164, 3, 3)
    union all
    select a.state, a.time_zones from private.area_codes a where a.state = p_state
  ) p
  cross join lateral unnest(p.time_zones) as z(zone);
  return coalesce(array_to_string(v_zones, ',') || '|' || array_to_string(v_states, ','), '?');
end;
$$;
comment on function private.window_key(text, text) is
  'Where a person may be, from the area code of their phone and the state of their mailing address: "zone,zone|state,state", or '
  '"?" if neither is known.';

create function private.window_rules(p_org_id uuid, p_window_key text, p_from date, p_to date)
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
    -- Starts the day before, because hours that are open over midnight begin there.
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
comment on function private.window_rules(uuid, text, date, date) is
  'Each rule that applies to a window key in each of its time zones, and the times between two days that the rule leaves open. '
  'On a day for which a state has no rule, the default (*) applies.';

create function private.number_open_until(p_quiet_starts time, p_quiet_ends time, p_time_zone text, p_now timestamptz)
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
  -- The day on which the current hours began: yesterday, if they are open over midnight and it is still before they end.
  if v_over_midnight and v_local::time < p_quiet_ends then
    v_day := v_day - 1;
  end if;
  v_open := private.local_range(v_day + p_quiet_ends, v_day + v_over_midnight::integer + p_quiet_starts, p_time_zone);
  return case when v_open @> p_now then upper(v_open) end;
end;
$$;
comment on function private.number_open_until(time, time, text, timestamptz) is
  'Until when a number''s own hours are open at p_now; null if they are closed.';

create function private.person_window(p_org_id uuid, p_e164 text, p_now timestamptz default now())
returns private.windows
language plpgsql
volatile
set search_path = ''
as $$
begin
  return private.window_state(p_org_id, private.window_key(p_e164, private.person_state(p_org_id, p_e164)), p_now);
end;
$$;
comment on function private.person_window(uuid, text, timestamptz) is
  'The window of one person, from their phone and the mailing address of their lead.';

create function private.window_times(p_org_id uuid, p_window_key text, p_from date, p_to date)
returns tstzmultirange
language plpgsql
stable
set search_path = ''
as $$
begin
  return (select range_intersect_agg(r.open_times) from private.window_rules(p_org_id, p_window_key, p_from, p_to) r);
end;
$$;
comment on function private.window_times(uuid, text, date, date) is
  'When a window key is open between two days: the times that every rule leaves open in every time zone. Complete from the day '
  'after p_from to the day before p_to.';

create function private.person_state(p_org_id uuid, p_e164 text)
returns text
language plpgsql
stable
set search_path = ''
as $$
begin
  return (
    select l.state from public.lead_phones p join public.leads l on l.id = p.lead_id
    where p.org_id = p_org_id and p.e164 = p_e164 and l.state is not null
    order by (l.deleted_at is null) desc, p.created_at
    limit 1);
end;
$$;
comment on function private.person_state(uuid, text) is
  'The state in the mailing address of the lead that has a phone; null if it is unknown.';
