-- Spending: the estimated cost of accepted messages, for each message and for each organisation and day. Twilio reports its price
-- up to a day later, and the balance is read only from time to time, so a limit for today needs an estimate. A statement trigger
-- appends what Twilio accepted in a statement, and the guard folds it. Counting in place would lock one row of the organisation
-- for every message.

create function private.spent_today(p_org_id uuid, p_now timestamptz default now())
returns numeric
language sql
stable
set search_path = ''
as $$
  select coalesce((select s.cost from public.daily_spending s where s.org_id = p_org_id and s.day = x.day), 0)
    + coalesce((
      select sum(d.cost) from private.accepted_deltas d
      where d.org_id = p_org_id and (d.accepted_at at time zone x.time_zone)::date = x.day), 0)
  from (select o.time_zone, (p_now at time zone o.time_zone)::date as day from public.orgs o where o.id = p_org_id) x;
$$;
comment on function private.spent_today(uuid, timestamptz) is
  'Estimated US dollars that an organisation has spent today (in its time zone), up to the last accepted message.';

create function private.open_singles(p_org_id uuid)
returns integer
language sql
stable
set search_path = ''
as $$
  select coalesce(sum(m.charged_segments), 0)::integer
  from public.messages m where m.org_id = p_org_id and m.is_open and m.kind in ('test', 'code', 'direct');
$$;
comment on function private.open_singles(uuid) is
  'Segments of an organisation''s direct texts and tests that are queued or being sent: they count as spent.';

create function private.open_media_cost(p_org_id uuid, p_with_open boolean, p_now timestamptz)
returns numeric
language plpgsql
stable
set search_path = ''
as $$
begin
  return (
    select coalesce(sum(l.mms_price + l.carrier_fee - m.charged_segments * (l.segment_price + l.carrier_fee)), 0)
    from public.messages m join public.sending_limits l on l.org_id = m.org_id
    where m.org_id = p_org_id and m.has_media and (m.is_open or m.is_unknown)
      and (m.is_open and p_with_open or m.is_unknown and m.queued_at > p_now - interval '1 day'));
end;
$$;
comment on function private.open_media_cost(uuid, boolean, timestamptz) is
  'How much more than their texts'' segments an organisation''s messages with pictures cost, in US dollars, of those that are '
  'unknown and, if p_with_open, those that are queued or being sent.';

create function private.refuse_spending(p_limit numeric, p_org_id uuid, p_now timestamptz)
returns void
language plpgsql
stable
set search_path = ''
as $$
begin
  perform private.raise_error('PT409', 'spending_limit_reached', format(
    'Today''s spending limit of %s US dollars leaves no room for this text. Raise daily_spending_limit in your settings, or '
    'wait until tomorrow.', p_limit),
    jsonb_build_object('daily_spending_limit', p_limit, 'spent', private.spent_today(p_org_id, p_now)));
end;
$$;
comment on function private.refuse_spending(numeric, uuid, timestamptz) is 'Raises PT409 spending_limit_reached.';

create function private.require_media_spending(p_org_id uuid, p_now timestamptz)
returns void
language plpgsql
stable
set search_path = ''
as $$
declare
  v_limits public.sending_limits;
begin
  select * into v_limits from public.sending_limits l where l.org_id = p_org_id;
  if private.spent_today(p_org_id, p_now) + private.open_singles(p_org_id) * (v_limits.segment_price + v_limits.carrier_fee)
    + private.open_media_cost(p_org_id, true, p_now) > v_limits.daily_spending_limit
  then
    perform private.refuse_spending(v_limits.daily_spending_limit, p_org_id, p_now);
  end if;
end;
$$;
comment on function private.require_media_spending(uuid, timestamptz) is
  'Raises PT409 spending_limit_reached if a queued text that has just got pictures does not fit under the daily spending limit. '
  'The caller holds the organisation''s lock.';

create function private.require_spending(p_org_id uuid, p_segments integer, p_now timestamptz)
returns void
language plpgsql
stable
set search_path = ''
as $$
declare
  v_limits public.sending_limits;
begin
  select * into v_limits from public.sending_limits l where l.org_id = p_org_id;
  if private.spending_room(p_org_id, p_now) < 1
    or private.spent_today(p_org_id, p_now)
      + (private.open_singles(p_org_id) + p_segments) * (v_limits.segment_price + v_limits.carrier_fee)
      + private.open_media_cost(p_org_id, true, p_now) > v_limits.daily_spending_limit
  then
    perform private.refuse_spending(v_limits.daily_spending_limit, p_org_id, p_now);
  end if;
end;
$$;
comment on function private.require_spending(uuid, integer, timestamptz) is
  'Raises PT409 spending_limit_reached if a text of so many segments does not fit under the daily spending limit. The caller '
  'holds the organisation''s lock, so that two texts do not both take the last of it.';

create function private.spending_room(p_org_id uuid, p_now timestamptz default now(), p_with_open boolean default true)
returns integer
language plpgsql
stable
set search_path = ''
as $$
declare
  v_limits public.sending_limits;
  v_price numeric;
  v_worst integer;
  v_open integer := 0;
begin
  select * into v_limits from public.sending_limits l where l.org_id = p_org_id;
  v_price := v_limits.segment_price + v_limits.carrier_fee;
  if v_limits.daily_spending_limit is null or v_price = 0 then
    return 2147483647;
  end if;
  -- Estimates with the longest text that any campaign may send, including paused and coming ones. The limit must hold whichever
  -- campaign is next, and a campaign that the limit paused must not be able to resume because its own long text no longer counts.
  -- Reads the texts, longest first, until one is used by a campaign: there may be many campaigns, but not many texts.
  v_worst := coalesce((
    select t.worst_segments from public.templates t
    where t.org_id = p_org_id and t.is_active and exists (
      select 1 from public.campaign_templates ct join public.campaigns c on c.id = ct.campaign_id
      where ct.org_id = p_org_id and ct.template_id = t.id and c.status in ('ready', 'scheduled', 'running', 'paused'))
    order by t.worst_segments desc limit 1), 1);
  if p_with_open then
    -- Messages that are queued or being sent count as spent, with the segments that planning charged.
    select coalesce(sum(m.charged_segments), 0) into v_open
    from public.campaigns c
    join public.messages m on m.campaign_id = c.id and m.is_open and m.kind = 'campaign'
    where c.org_id = p_org_id and c.status in ('running', 'paused');
    v_open := v_open + private.open_singles(p_org_id);
  end if;
  select v_open + coalesce(sum(m.charged_segments), 0) into v_open
  from public.messages m where m.org_id = p_org_id and m.is_unknown and m.queued_at > p_now - interval '1 day';
  return least(2147483647, greatest(0, floor(
    (v_limits.daily_spending_limit - private.spent_today(p_org_id, p_now) - v_open * v_price
      - private.open_media_cost(p_org_id, p_with_open, p_now)) / (v_worst * v_price))));
end;
$$;
comment on function private.spending_room(uuid, timestamptz, boolean) is
  'How many messages an organisation may still plan today under its daily spending limit, each estimated at the longest text of '
  'its campaigns that send or may send; 2147483647 if there is no limit. Queued messages and messages being sent count as spent, '
  'unless p_with_open is false. For planning, which holds the organisation''s planning lock, and for the guard.';

create function private.fold_accepted(p_org_id uuid default null)
returns integer
language plpgsql
set search_path = ''
as $$
declare
  v_resting uuid[] := private.resting_orgs('fold_accepted', p_org_id, now());
  v_count integer;
begin
  with taken as (
    delete from private.accepted_deltas d where (p_org_id is null or d.org_id = p_org_id) and d.org_id <> all (v_resting)
      returning d.*
  ),
  traffic as (
    insert into private.number_traffic as t (phone_number_id, bin, sent)
    select n.id, date_bin('5 minutes', d.accepted_at, timestamptz '2000-01-01'), sum(d.messages)
    from taken d join public.phone_numbers n on n.id = d.phone_number_id
    group by 1, 2 order by 1, 2
    on conflict (phone_number_id, bin) do update set sent = t.sent + excluded.sent
    returning 1
  ),
  spending as (
    insert into public.daily_spending as s (org_id, day, messages, segments, cost)
    select o.id, (d.accepted_at at time zone o.time_zone)::date, sum(d.messages), sum(d.segments), sum(d.cost)
    from taken d join public.orgs o on o.id = d.org_id
    group by 1, 2 order by 1, 2
    on conflict (org_id, day) do update
      set messages = s.messages + excluded.messages, segments = s.segments + excluded.segments, cost = s.cost + excluded.cost
    returning 1
  )
  select count(*) into v_count from spending;
  return v_count;
end;
$$;
comment on function private.fold_accepted(uuid) is
  'Adds accepted messages to daily_spending and number_traffic, in one transaction; returns how many days of organisations '
  'changed. p_org_id: only this organisation; null: all except those for which this work is resting.';
