-- The circuit breaker: it pauses campaigns whose last 24 hours are worse than the organisation's limits, and quarantines numbers
-- whose messages are filtered. Sent, failed and opt-outs are the figures minus the mark of a day ago. Filtered messages and
-- unclear sends are few, and counted by indexes that contain nothing else. So a check costs the same at a million messages.

create function private.campaign_window(p_campaign_id uuid, p_now timestamptz)
returns private.breaker_window
language sql
stable
set search_path = ''
as $$
  select coalesce(m.taken_at, x.since), greatest(s.sent - coalesce(m.sent, 0), 0),
    greatest(s.failed - coalesce(m.failed, 0), 0), greatest(s.undelivered - coalesce(m.undelivered, 0), 0),
      greatest(s.opt_outs - coalesce(m.opt_outs, 0), 0)
  from public.campaigns c
  join public.campaign_stats s on s.campaign_id = c.id
  cross join lateral (select greatest(p_now - interval '24 hours', c.breaker_since) as since) x
  left join lateral (
    select k.* from private.campaign_marks k
    where k.campaign_id = c.id and k.taken_at <= x.since order by k.taken_at desc limit 1
  ) m on true
  where c.id = p_campaign_id;
$$;
comment on function private.campaign_window(uuid, timestamptz) is
  'A campaign''s figures of the last 24 hours (up to a quarter of an hour more, from the last mark before), or since it was '
  'resumed.';

create function private.number_window(p_number public.phone_numbers, p_now timestamptz)
returns table (sent integer, filtered integer)
language sql
stable
set search_path = ''
as $$
  select (
      coalesce((select sum(t.sent) from private.number_traffic t
        where t.phone_number_id = p_number.id and t.bin + interval '5 minutes' > x.since and t.bin <= p_now), 0)
      + coalesce((select sum(d.messages) from private.accepted_deltas d
        where d.phone_number_id = p_number.id and d.accepted_at >= x.since), 0))::integer,
    (select count(*)::integer from public.messages m
      where m.phone_number_id = p_number.id and m.kind not in ('test', 'code') and m.error_code = 30007
        and m.settled_at > x.since and m.settled_at <= p_now
        -- Leaves out messages that were sent before the number was reactivated: they were judged already.
        and m.sent_at > coalesce(p_number.reactivated_at, '-infinity'))
  from (select greatest(p_now - interval '24 hours', p_number.reactivated_at) as since) x;
$$;
comment on function private.number_window(public.phone_numbers, timestamptz) is
  'Messages of a number that Twilio accepted in the last 24 hours, or since a person reactivated the number, and how many of '
  'them were filtered (30007).';

create function private.is_over(p_count integer, p_of integer, p_rate numeric, p_volume integer)
returns boolean
language sql
immutable
set search_path = ''
as $$
  select p_of >= p_volume and p_count > p_rate * p_of;
$$;
comment on function private.is_over(integer, integer, numeric, integer) is
  'Whether p_count is more than the share p_rate of p_of; false if p_of is less than p_volume, which is too few to judge.';

create function private.rate_trouble(p_rule text, p_what text, p_count integer, p_of integer, p_rate numeric, p_volume integer,
  p_remedy text)
returns private.trouble
language sql
stable
set search_path = ''
as $$
  select 'breaker_tripped',
    format('%s of %s messages of the last 24 hours %s (%s %%): more than your limit of %s %%. %s',
      p_count, p_of, p_what, round(100.0 * p_count / p_of, 1), trim_scale(100 * p_rate), p_remedy),
    jsonb_build_object('rule', p_rule, 'count', p_count, 'of', p_of, 'rate', p_rate, 'volume', p_volume);
$$;
comment on function private.rate_trouble(text, text, integer, integer, numeric, integer, text) is
  'A rule that was exceeded, in words and figures.';
