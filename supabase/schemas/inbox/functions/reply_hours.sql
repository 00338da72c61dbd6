-- The hours in which an organisation answers people. They decide nothing about what may be sent: they are the clock of reply
-- times, of hot leads and of assignments that return.

create function private.reply_hours_shape()
returns jsonb
language sql
immutable
set search_path = ''
as $$
  select jsonb_build_object('type', jsonb_build_array('object', 'null'), 'properties', jsonb_build_object(
      'holidays', private.list_shape('{"type": "string", "format": "date"}', 100)) || (
    select jsonb_object_agg(d, private.list_shape('{"type": "object", "required": ["from", "to"], "properties": {
      "from": {"type": "string", "format": "time", "pattern": "^[0-9]{2}:[0-9]{2}$", "description": "write HH:MM."},
      "to": {"type": "string", "pattern": "^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$", "description": "write HH:MM, or 24:00."}
    }}', 6))
    from unnest(array['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday']) d));
$$;
comment on function private.reply_hours_shape() is
  'The shape of orgs.reply_hours: for each day of the week up to six intervals {from, to}, and holidays as dates. A day that is '
  'left out has no hours. Null: every hour of every day.';

create function private.check_reply_hours(p_hours jsonb)
returns void
language plpgsql
stable
set search_path = ''
as $$
declare
  v_bad record;
begin
  if coalesce(jsonb_typeof(p_hours), 'null') = 'null' then
    return;
  end if;
  select d.key as day, i.n, i.value ->> 'from' >= i.value ->> 'to' as is_empty into v_bad
  from jsonb_each(p_hours - 'holidays') d, jsonb_array_elements(d.value) with ordinality i(value, n)
  where i.value ->> 'from' >= i.value ->> 'to'
    or i.n > 1 and i.value ->> 'from' < (d.value -> (i.n::integer - 2) ->> 'to')
  order by d.key, i.n limit 1;
  if found then
    perform private.refuse_field(format('reply_hours.%s[%s]', v_bad.day, v_bad.n - 1), case when v_bad.is_empty
      then 'from must be before to. For hours over midnight, end one day with 24:00 and begin the next with 00:00.'
      else 'The intervals of a day must be in order and must not overlap.' end);
  elsif not exists (select from jsonb_each(p_hours - 'holidays') d where jsonb_array_length(d.value) > 0) then
    perform private.refuse_field('reply_hours', 'Give at least one interval on one day, or null for every hour.');
  end if;
end;
$$;
comment on function private.check_reply_hours(jsonb) is
  'Raises PT422 for reply hours whose intervals are empty, overlap, or are none at all. The caller has checked their shape.';

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
