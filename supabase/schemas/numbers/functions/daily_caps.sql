-- Daily caps: planning charges them with a text's worst-case segments; what was not sent is refunded to the day to which it was
-- charged. Days are in the number's time zone for a number, and in the organisation's time zone for campaigns and the
-- organisation.

create function private.charge_usage(p_scope text, p_ids uuid[], p_days date[], p_messages integer[], p_segments integer[])
returns void
language sql
set search_path = ''
as $$
  insert into private.daily_usage as u (scope, scope_id, day, messages, segments)
  select p_scope, x.id, x.day, sum(x.messages), sum(x.segments)
  from unnest(p_ids, p_days, p_messages, p_segments) as x(id, day, messages, segments)
  group by x.id, x.day
  order by x.id, x.day
  on conflict (scope, scope_id, day) do update
    set messages = u.messages + excluded.messages, segments = u.segments + excluded.segments;
$$;
comment on function private.charge_usage(text, uuid[], date[], integer[], integer[]) is
  'Charges messages and segments to the daily caps of a scope.';

create function private.charges_of(p_messages uuid[])
returns table (scope text, scope_id uuid, day date, messages integer, segments integer)
language sql
stable
set search_path = ''
as $$
  -- Days are in the number's time zone for a number, Pacific for a carrier, and in the organisation's time zone for campaigns and
  -- the organisation: around midnight they differ.
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
comment on function private.charges_of(uuid[]) is
  'What messages were charged to the daily caps when they were planned, by cap and day.';

create function private.lock_usage(p_messages uuid[])
returns void
language sql
set search_path = ''
as $$
  -- The order in which planning charges, so that two refunds, or a refund and a plan, never deadlock.
  select 1 from private.daily_usage u
  where (u.scope, u.scope_id, u.day) in (select c.scope, c.scope_id, c.day from private.charges_of(p_messages) c)
  order by array_position(array['org', 'campaign', 'carrier', 'number'], u.scope), u.scope_id, u.day
  for no key update;
$$;
comment on function private.lock_usage(uuid[]) is 'Locks the daily caps to which messages were charged, in the usual order.';

create function private.refund_usage(p_messages uuid[])
returns void
language plpgsql
set search_path = ''
as $$
begin
  if p_messages is null or cardinality(p_messages) = 0 then
    return;
  end if;
  perform private.lock_usage(p_messages);
  update private.daily_usage u
  set messages = greatest(u.messages - r.messages, 0), segments = greatest(u.segments - r.segments, 0)
  from private.charges_of(p_messages) r
  where u.scope = r.scope and u.scope_id = r.scope_id and u.day = r.day;
end;
$$;
comment on function private.refund_usage(uuid[]) is
  'Refunds to the daily caps what was charged for messages that were not sent. It is the last lock of a transaction: a '
  'transaction that holds a cap waits for no other lock.';

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
  'Segments that a number may send on a day: its own cap and, while it warms up, that day''s warm-up cap if it is lower; null '
  'means no limit.';

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
  'Locks daily caps of a scope in the order of their ids, and creates rows that are missing. Planning opens organisation, '
  'campaigns, carriers and numbers, in this order.';
