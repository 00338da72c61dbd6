-- Why a person may or may not be written to at a moment: what planning and claiming would decide, with every rule that leads to
-- it. Nothing is decided here. The answer comes from private.window_state and the rules from private.window_rules, which all
-- senders use.

create function private.times_of_day(p_times tstzmultirange, p_day date, p_time_zone text)
returns jsonb
language sql
stable
set search_path = ''
as $$
  select coalesce(to_jsonb(array_agg(
    jsonb_build_object(
      'opens', to_char(lower(r) at time zone p_time_zone, 'HH24:MI'),
      'closes', case when (upper(r) at time zone p_time_zone)::date > p_day then '24:00'
        else to_char(upper(r) at time zone p_time_zone, 'HH24:MI') end)
    order by r)), '[]')
  from unnest(p_times * tstzmultirange(tstzrange(p_day::timestamp at time zone p_time_zone,
    (p_day + 1)::timestamp at time zone p_time_zone))) r;
$$;
comment on function private.times_of_day(tstzmultirange, date, text) is
  'The part of p_times that falls on one day in a time zone, as local times: [{opens, closes}].';

create function private.number_times(p_number public.phone_numbers, p_now timestamptz)
returns tstzmultirange
language sql
stable
set search_path = ''
as $$
  select coalesce(range_agg(private.local_range(
    d.day + p_number.quiet_ends, d.day + (p_number.quiet_starts < p_number.quiet_ends)::integer + p_number.quiet_starts,
      p_number.time_zone)), '{}')
  from (select (p_now at time zone p_number.time_zone)::date + n as day from generate_series(-1, 11) n) d;
$$;
comment on function private.number_times(public.phone_numbers, timestamptz) is
  'When a number''s own hours are open, for eleven days from p_now.';

create function private.next_open_with(p_number public.phone_numbers, p_window_key text, p_now timestamptz)
returns timestamptz
language plpgsql
stable
set search_path = ''
set timezone = 'UTC'
as $$
begin
  return (
    select min(lower(r))
    from unnest(private.window_times(p_number.org_id, p_window_key, p_now::date - 1, p_now::date + 11)
      * private.number_times(p_number, p_now)) r
    where lower(r) > p_now);
end;
$$;
comment on function private.next_open_with(public.phone_numbers, text, timestamptz) is
  'When a person with this window key may next be written to from a number: both are open then. Null: not within eleven days.';

create function private.texts_in_day(p_org_id uuid, p_e164 text, p_now timestamptz default now())
returns timestamptz[]
language plpgsql
stable
set search_path = ''
as $$
begin
  -- A message counts from when it was posted. No message waits in the queue for more than a day, so 48 hours since it was created
  -- are enough.
  return array(
    select t.at
    from public.messages m
    left join public.send_attempts a on a.id = m.attempt_id
    cross join lateral (select coalesce(a.claimed_at, m.sent_at, m.created_at) as at) t
    -- "is true" makes the planner use the index on to_number alone, whatever the statistics say: see plan_people.sql.
    where m.to_number = p_e164 and (m.org_id = p_org_id) is true and (m.created_at > p_now - interval '48 hours') is true
      and (m.kind = 'campaign' or m.kind = 'direct' and m.exempt is null) and m.status not in ('queued', 'failed', 'canceled')
      and t.at > p_now - interval '24 hours' and t.at <= p_now
    order by t.at);
end;
$$;
comment on function private.texts_in_day(uuid, text, timestamptz) is
  'When an organisation wrote to a phone unasked, by campaigns or direct texts, in the 24 hours before p_now, oldest first: the '
  'messages that count against limits per 24 hours. Replies to a person are not included.';

create function private.explain_rules(p_org_id uuid, p_window_key text, p_number public.phone_numbers, p_now timestamptz)
returns jsonb
language sql
stable
set search_path = ''
as $$
  with times as (
    select w.rule, w.time_zone, w.source, w.open_times
    from private.window_rules(p_org_id, p_window_key, (p_now at time zone 'UTC')::date - 1,
      (p_now at time zone 'UTC')::date + 11) w
    union all
    select 'number', p_number.time_zone, 'the phone number''s own hours', private.number_times(p_number, p_now)
    where p_number.id is not null
  )
  select to_jsonb(array_agg(
    jsonb_build_object(
      'rule', t.rule, 'time_zone', t.time_zone, 'local_time', to_char(d.local, 'YYYY-MM-DD"T"HH24:MI:SS'),
      'is_open', t.open_times @> p_now,
      'open_until', (select upper(r) from unnest(t.open_times) r where r @> p_now),
      'next_open_at', case when not t.open_times @> p_now
        then (select min(lower(r)) from unnest(t.open_times) r where lower(r) > p_now) end,
      'open_today', private.times_of_day(t.open_times, d.local::date, t.time_zone),
      'max_per_24h', f.max_per_24h,
      'closed_by_holiday', f.holiday,
      'is_own', coalesce(f.is_own, t.rule in ('org', 'number')),
      'is_default', coalesce(f.is_default, false),
      'source', coalesce(f.source, t.source),
      'reviewed_at', f.reviewed_at)
    order by array_position(array['org', 'number', 'federal'], t.rule) nulls last, t.rule, t.time_zone))
  from times t
  cross join lateral (select p_now at time zone t.time_zone as local) d
  left join lateral (
    select x.* from private.rules_in_force(p_org_id, array[case t.rule when 'federal' then 'US' else t.rule end], d.local::date,
      d.local::date) x
    where t.rule not in ('org', 'number')
  ) f on true;
$$;
comment on function private.explain_rules(uuid, text, public.phone_numbers, timestamptz) is
  'Every rule that applies to a window key in each of its time zones at p_now, the hours it leaves open on the local day, and '
  'its source. p_number: its own hours are included; null for none.';
