create function private.window_state(p_org_id uuid, p_window_key text, p_now timestamptz default now(),
  p_store boolean default false)
returns private.windows
language plpgsql
volatile
set search_path = ''
set plan_cache_mode = force_generic_plan
as $$
declare
  -- Read before the rules: if a rule changes after this, the stored answer has an old version and is ignored.
  v_version bigint := private.rules_version(p_org_id);
  v_window private.windows;
  v_today date := (p_now at time zone 'UTC')::date;
  v_days integer;
  v_horizon timestamptz := p_now + interval '9 days';
  v_open tstzmultirange;
  v_range tstzrange;
  v_change timestamptz;
begin
  select * into v_window from private.windows w
  where w.org_id = p_org_id and w.window_key = p_window_key and w.version = v_version and w.valid_from <= p_now
    and w.valid_to > p_now;
  if found then
    return v_window;
  end if;

  v_window.org_id := p_org_id;
  v_window.window_key := p_window_key;
  v_window.version := v_version;
  v_window.valid_from := p_now;
  foreach v_days in array array[3, 11] loop
    -- Starts the day before, when today's local day begins in Honolulu. The last day ends first in Guam, hours before it ends in
    -- UTC.
    v_open := private.window_times(p_org_id, p_window_key, v_today - 1, v_today + v_days);
    select r into v_range from unnest(v_open) r where r @> p_now;
    v_window.is_open := found;
    if v_window.is_open then
      v_change := upper(v_range);
    else
      select min(lower(r)) into v_change from unnest(v_open) r where lower(r) > p_now;
    end if;
    exit when v_change < (v_today + v_days)::timestamp at time zone 'UTC';
  end loop;
  v_window.next_open_at := case when v_window.is_open then p_now else v_change end;
  v_window.valid_to := least(v_change, v_horizon);

  -- Considers the limits of every state the person may be in, on the local days of this window; the lowest counts.
  select min(f.max_per_24h) into v_window.max_per_24h
  from private.window_places(p_window_key) p
  cross join lateral (
    select min((p_now at time zone z.zone)::date) as first_day,
      max((case when v_window.is_open then v_window.valid_to - interval '1 second'
        else p_now end at time zone z.zone)::date) as last_day
    from unnest(p.time_zones) as z(zone)
  ) d
  cross join lateral private.rules_in_force(p_org_id, p.states, d.first_day, d.last_day) f;

  -- Only planning stores (there is one planner per organisation): claims that store several keys in different orders could
  -- deadlock.
  if not p_store then
    return v_window;
  end if;
  insert into private.windows values (v_window.*)
  on conflict (org_id, window_key) do update
    set is_open = excluded.is_open, valid_from = excluded.valid_from, valid_to = excluded.valid_to,
        next_open_at = excluded.next_open_at, max_per_24h = excluded.max_per_24h, version = excluded.version;
  return v_window;
end;
$$;
comment on function private.window_state(uuid, text, timestamptz, boolean) is
  'Whether a window key is open at p_now, and until when that answer is valid (valid_to). If it is closed, next_open_at is when '
  'it opens next (null: not within 9 days). Uses a cached answer that is still valid; stores a new answer if p_store.';
