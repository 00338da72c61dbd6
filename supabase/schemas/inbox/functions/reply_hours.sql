-- The hours in which an organisation answers people. They decide nothing about what may be sent: they are the clock of reply
-- times, of hot leads and of assignments that return.

create function private.reply_intervals(p_org public.orgs, p_from date, p_to date)
returns table (starts timestamptz, ends timestamptz)
language plpgsql
stable
set search_path = ''
as $$
begin
  return query
    select (d.day + (i.value ->> 'from')::interval) at time zone p_org.time_zone,
      (d.day + (i.value ->> 'to')::interval) at time zone p_org.time_zone
    from (select p_from::timestamp + make_interval(days => n) as day from generate_series(0, p_to - p_from) n) d
    cross join lateral jsonb_array_elements(
      p_org.reply_hours -> (array['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday'])
        [extract(isodow from d.day)::integer]) i
    where not coalesce(p_org.reply_hours -> 'holidays' ? to_char(d.day, 'YYYY-MM-DD'), false)
    order by 1;
end;
$$;
comment on function private.reply_intervals(public.orgs, date, date) is
  'The reply hours from one day to another, both included, in the organisation''s time zone. An hour that a change of clocks '
  'takes away or adds counts as long as it is. The organisation has reply hours.';

create function private.reply_seconds(p_org public.orgs, p_from timestamptz, p_to timestamptz)
returns integer
language plpgsql
stable
set search_path = ''
as $$
declare
  v_seconds double precision;
begin
  if p_to <= p_from then
    return 0;
  elsif p_org.reply_hours is null then
    v_seconds := extract(epoch from p_to - p_from);
  else
    select coalesce(sum(extract(epoch from least(i.ends, p_to) - greatest(i.starts, p_from))), 0) into v_seconds
    from private.reply_intervals(p_org, (p_from at time zone p_org.time_zone)::date, (p_to at time zone p_org.time_zone)::date) i
    where i.ends > p_from and i.starts < p_to;
  end if;
  return least(v_seconds, 100000000);
end;
$$;
comment on function private.reply_seconds(public.orgs, timestamptz, timestamptz) is
  'How many seconds of the organisation''s reply hours are between two times, three years at most.';

create function private.after_reply_seconds(p_org public.orgs, p_from timestamptz, p_seconds integer)
returns timestamptz
language plpgsql
stable
set search_path = ''
as $$
declare
  v_left interval := make_interval(secs => p_seconds);
  v_day date := (p_from at time zone p_org.time_zone)::date;
  v_interval record;
begin
  if p_org.reply_hours is null then
    return p_from + v_left;
  end if;
  -- A hundred holidays may follow each other.
  for v_interval in select * from private.reply_intervals(p_org, v_day, v_day + 120) i where i.ends > p_from order by i.starts
    loop
    if v_interval.ends - greatest(v_interval.starts, p_from) >= v_left then
      return greatest(v_interval.starts, p_from) + v_left;
    end if;
    v_left := v_left - (v_interval.ends - greatest(v_interval.starts, p_from));
  end loop;
  return null;
end;
$$;
comment on function private.after_reply_seconds(public.orgs, timestamptz, integer) is
  'The time at which so many seconds of reply hours have passed since p_from; null if that takes more than 120 days.';
