-- What the forecast of a campaign begins with. The forecast goes through the coming hours with the limits that planning obeys,
-- but not person by person: days and limits are right, single hours are not meant to be.

create function private.forecast_people(p_campaign public.campaigns, p_from date, p_to date,
  out people double precision[], out open_times tstzmultirange[])
language sql
stable
set search_path = ''
as $$
  -- A day more on both sides: window_times is complete only between them.
  select array_agg(k.n order by k.key), array_agg(
    case when p_campaign.quiet_hours_override then '{(,)}'
      else private.window_times(p_campaign.org_id, k.key, p_from - 1, p_to + 1) end order by k.key)
  from (
    select w.key, (
      select count(*) from public.campaign_targets t
      where t.campaign_id = p_campaign.id and t.is_waiting and t.window_key = w.key)::double precision as n
    from private.waiting_keys(p_campaign.id) as w(key)
  ) k;
$$;
comment on function private.forecast_people(public.campaigns, date, date) is
  'The waiting people of a campaign by window key, and when each key may be written to between two days.';

create function private.forecast_segments(p_campaign_id uuid, p_step integer default 1)
returns double precision
language sql
stable
set search_path = ''
as $$
  select coalesce(sum(t.worst_segments * ct.weight)::double precision / sum(ct.weight), 1)
  from public.campaign_templates ct join public.templates t on t.id = ct.template_id and t.is_active
  where ct.campaign_id = p_campaign_id and ct.step = p_step;
$$;
comment on function private.forecast_segments(uuid, integer) is
  'The segments that planning charges for a message of a step, on average over its active texts by their weights.';

create function private.forecast_numbers(p_campaign public.campaigns, p_at timestamptz)
returns double precision
language sql
stable
set search_path = ''
as $$
  select coalesce(sum(g.mps), 0)::double precision
  from (
    -- Most numbers of a pool have the same hours, which are compared once.
    select n.quiet_starts, n.quiet_ends, n.time_zone, sum(n.mps) as mps
    from private.campaign_numbers(p_campaign.id) n where n.status = 'active'
    group by 1, 2, 3
  ) g
  where p_campaign.quiet_hours_override
    or private.number_open_until(g.quiet_starts, g.quiet_ends, g.time_zone, p_at) is not null;
$$;
comment on function private.forecast_numbers(public.campaigns, timestamptz) is
  'Segments a second that the active numbers of a campaign can send at a time, by their pace and own hours.';

create function private.forecast_rooms(p_campaign public.campaigns, p_day date, p_segments double precision, p_now timestamptz)
returns double precision[]
language sql
stable
set search_path = ''
as $$
  select array[
    (select coalesce(sum(greatest(coalesce(private.number_cap(n.daily_cap, n.warmup_started_on, o.warmup_caps, p_day), 1000000000)
        - coalesce(u.segments, 0), 0)), 0) / p_segments
      from private.campaign_numbers(p_campaign.id) n
      left join private.daily_usage u on u.scope = 'number' and u.scope_id = n.id and u.day = p_day
      where n.status = 'active'),
    -- greatest() leaves nulls out, and null means no limit here.
    case when p_campaign.daily_cap is not null then greatest(p_campaign.daily_cap - coalesce((
      select u.messages from private.daily_usage u
      where u.scope = 'campaign' and u.scope_id = p_campaign.id and u.day = p_day), 0), 0) end,
    case when o.daily_cap is not null then greatest(o.daily_cap - coalesce((
      select u.messages from private.daily_usage u where u.scope = 'org' and u.scope_id = o.id and u.day = p_day), 0), 0) end,
    (select greatest(l.daily_spending_limit - case when p_day = (p_now at time zone o.time_zone)::date
        then private.spent_today(o.id, p_now) else 0 end, 0) / nullif((l.segment_price + l.carrier_fee) * p_segments, 0)
      from public.sending_limits l where l.org_id = o.id and l.daily_spending_limit is not null)
  ]::double precision[]
  from public.orgs o where o.id = p_campaign.org_id;
$$;
comment on function private.forecast_rooms(public.campaigns, date, double precision, timestamptz) is
  'How many messages a day has room for, by its limits: number_caps, campaign_daily_cap, org_daily_cap, spending_limit, in this '
  'order. Null: no such limit. Other campaigns of the organisation, which share the last two, are not looked at.';
