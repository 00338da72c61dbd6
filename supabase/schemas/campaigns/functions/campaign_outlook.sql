-- The outlook of a running campaign: whether it can send now, and if not, why and until when. Most of these reasons end by
-- themselves; what only a person can correct is in needs_attention.

create function private.outlook_reason(p_reason text, p_count bigint default null, p_until timestamptz default null,
  p_time_zone text default null)
returns jsonb
language sql
immutable
set search_path = ''
as $$
  select jsonb_build_array(jsonb_build_object('reason', p_reason, 'count', p_count,
    'until', case when isfinite(p_until) then p_until end, 'time_zone', p_time_zone));
$$;
comment on function private.outlook_reason(text, bigint, timestamptz, text) is
  'One reason of an outlook, as a list with one item.';

create function private.outlook_numbers(p_campaign public.campaigns, p_segments integer, p_now timestamptz)
returns table (active bigint, stopped bigint, free_at timestamptz, reasons jsonb)
language sql
stable
set search_path = ''
as $$
  with numbers as (
    select n.status, n.time_zone,
      case when p.resting_until > p_now then p.resting_until end as resting_until,
      -- If a cap is too low for a single text, it never has room, on any day.
      case when r.segment_room < p_segments then
        case when n.daily_cap < p_segments then 'infinity' else (r.day + 1)::timestamp at time zone n.time_zone end
      end as full_until,
      case when not r.is_open and not p_campaign.quiet_hours_override
        then private.number_opens_at(n.quiet_starts, n.quiet_ends, n.time_zone, p_now) end as quiet_until,
      s.next_slot_at
    from private.campaign_numbers(p_campaign.id) n
    left join private.number_room(p_campaign.org_id, interval '5 seconds', p_now) r on r.id = n.id
    join private.number_pace p on p.phone_number_id = n.id
    cross join lateral (select greatest(p.next_slot_at, p_now) as next_slot_at) s
  ),
  active as (
    select x.*, greatest(x.resting_until, x.full_until, x.quiet_until) as shut_until from numbers x where x.status = 'active'
  )
  select (select count(*) from active), (select count(*) from numbers x where x.status <> 'active'),
    min(coalesce(a.shut_until, '-infinity')),
    case when count(a.resting_until) > 0
      then private.outlook_reason('numbers_resting', count(a.resting_until), min(a.resting_until)) else '[]' end
    || case when count(a.full_until) > 0 then private.outlook_reason('numbers_full', count(a.full_until), min(a.full_until),
        (array_agg(a.time_zone order by a.full_until) filter (where a.full_until is not null))[1]) else '[]' end
    || case when count(a.quiet_until) > 0
      then private.outlook_reason('numbers_outside_hours', count(a.quiet_until), min(a.quiet_until),
        (array_agg(a.time_zone order by a.quiet_until) filter (where a.quiet_until is not null))[1]) else '[]' end
    || case when min(a.next_slot_at) filter (where a.shut_until is null) > p_now + interval '1 second'
        then private.outlook_reason('number_pace', count(*) filter (where a.shut_until is null),
          min(a.next_slot_at) filter (where a.shut_until is null)) else '[]' end
  from active a;
$$;
comment on function private.outlook_numbers(public.campaigns, integer, timestamptz) is
  'The numbers of a campaign for its outlook: how many are active and how many stopped, when the first can take a text of '
  'p_segments (-infinity: now), and the reasons why numbers can''t send, with how many.';

create function private.outlook_targets(p_campaign public.campaigns, p_now timestamptz)
returns table (is_due boolean, shut bigint, opens_at timestamptz, put_off bigint, put_off_until timestamptz)
language sql
volatile
set search_path = ''
as $$
  -- Reads one range of the backlog's index for each window key; targets that could be written to now are never counted.
  select coalesce(bool_or(k.is_open and exists (
      select 1 from public.campaign_targets t
      where t.campaign_id = p_campaign.id and t.is_waiting and t.window_key = k.key and t.not_before <= p_now)), false),
    coalesce(sum((select count(*) from public.campaign_targets t
      where t.campaign_id = p_campaign.id and t.is_waiting and t.window_key = k.key and not k.is_open)), 0)::bigint,
    min(k.opens_at) filter (where not k.is_open),
    coalesce(sum(p.n), 0)::bigint, min(p.until)
  from (
    select w.key, o.is_open, case when w.state_is_open then w.valid_to else coalesce(w.next_open_at, w.valid_to) end as opens_at
    from (
      select x.key, s.is_open as state_is_open, s.valid_to, s.next_open_at
      from private.waiting_keys(p_campaign.id) as x(key)
      cross join lateral private.window_state(p_campaign.org_id, x.key, p_now) s
    ) w
    cross join lateral (
      select p_campaign.quiet_hours_override or (w.state_is_open and w.valid_to > p_now + interval '60 seconds') as is_open
    ) o
  ) k
  left join lateral (
    select count(*) as n, min(t.not_before) as until from public.campaign_targets t
    where t.campaign_id = p_campaign.id and t.is_waiting and t.window_key = k.key and t.not_before > p_now and k.is_open
  ) p on true;
$$;
comment on function private.outlook_targets(public.campaigns, timestamptz) is
  'The backlog of a campaign for its outlook: whether somebody may be written to now, how many targets are outside their hours '
  'and when the first of these opens, and how many are put off (a retry, or waiting for a number) and until when.';

create function private.campaign_outlook(p_campaign_id uuid, p_now timestamptz default now())
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_campaign public.campaigns;
  v_org public.orgs;
  v_midnight timestamptz;
  v_segments integer;
  v_numbers record;
  v_targets record;
  v_pace record;
  v_in_flight bigint;
  v_reasons jsonb := '[]';
  v_next timestamptz := '-infinity';
  v_can_send boolean;
begin
  select * into v_campaign from public.campaigns c where c.id = p_campaign_id and c.org_id = (select private.org_id())
    and c.status = 'running';
  if not found then
    return null;
  end if;
  v_campaign.quiet_hours_override := private.honours_override(v_campaign);
  select * into v_org from public.orgs o where o.id = v_campaign.org_id;
  v_midnight := ((p_now at time zone v_org.time_zone)::date + 1)::timestamp at time zone v_org.time_zone;
  select min(t.worst_segments) into v_segments
  from public.campaign_templates ct join public.templates t on t.id = ct.template_id and t.is_active
    where ct.campaign_id = p_campaign_id;
  select * into v_numbers from private.outlook_numbers(v_campaign, coalesce(v_segments, 1), p_now);
  select * into v_targets from private.outlook_targets(v_campaign, p_now);
  select count(*) into v_in_flight from public.messages m where m.campaign_id = p_campaign_id and m.is_open
    and m.kind = 'campaign';
  select op.resting_until, case when v_org.mps is not null then op.next_slot_at end as org_slot,
    case when v_campaign.mps is not null then cp.next_slot_at end as campaign_slot,
    coalesce(ou.messages, 0) >= v_org.daily_cap as org_full, coalesce(cu.messages, 0) >= v_campaign.daily_cap as campaign_full
  into v_pace
  from private.org_pace op
  join private.campaign_pace cp on cp.campaign_id = p_campaign_id
  cross join lateral (select (p_now at time zone v_org.time_zone)::date as day) d
  left join private.daily_usage ou on ou.scope = 'org' and ou.scope_id = v_org.id and ou.day = d.day
  left join private.daily_usage cu on cu.scope = 'campaign' and cu.scope_id = p_campaign_id and cu.day = d.day
  where op.org_id = v_org.id;

  -- Each reason that must end before anything is sent moves the next time forward. A reason that only a person can end makes it
  -- infinite.
  if v_segments is null then
    v_reasons := v_reasons || private.outlook_reason('no_active_template');
    v_next := 'infinity';
  end if;
  if v_numbers.active = 0 then
    v_reasons := v_reasons || private.outlook_reason('no_active_number', v_numbers.stopped);
    v_next := 'infinity';
  end if;
  if v_pace.resting_until > p_now then
    v_reasons := v_reasons || private.outlook_reason('account_resting', null, v_pace.resting_until);
    v_next := greatest(v_next, v_pace.resting_until);
  end if;
  if v_pace.org_full then
    v_reasons := v_reasons || private.outlook_reason('org_daily_cap', null, case
      when v_org.daily_cap > 0 then v_midnight end, v_org.time_zone);
    v_next := greatest(v_next, case when v_org.daily_cap > 0 then v_midnight else 'infinity' end);
  end if;
  if v_pace.campaign_full then
    v_reasons := v_reasons || private.outlook_reason('campaign_daily_cap', null, case
      when v_campaign.daily_cap > 0 then v_midnight end, v_org.time_zone);
    v_next := greatest(v_next, case when v_campaign.daily_cap > 0 then v_midnight else 'infinity' end);
  end if;
  v_reasons := v_reasons || coalesce(v_numbers.reasons, '[]');
  v_next := greatest(v_next, v_numbers.free_at);
  if v_targets.shut > 0 then
    v_reasons := v_reasons || private.outlook_reason('outside_hours', v_targets.shut, v_targets.opens_at);
  end if;
  if v_targets.put_off > 0 then
    v_reasons := v_reasons || private.outlook_reason('put_off', v_targets.put_off, v_targets.put_off_until);
  end if;
  if v_targets.shut = 0 and v_targets.put_off = 0 and not v_targets.is_due and v_in_flight = 0 then
    v_reasons := v_reasons || private.outlook_reason('nothing_waiting');
  end if;
  if not v_targets.is_due and v_in_flight = 0 then
    v_next := greatest(v_next, coalesce(least(v_targets.opens_at, v_targets.put_off_until), 'infinity'));
  end if;
  v_can_send := v_next <= p_now;
  if v_pace.campaign_slot > p_now + interval '1 second' then
    v_reasons := v_reasons || private.outlook_reason('campaign_pace', null, v_pace.campaign_slot);
  end if;
  if v_pace.org_slot > p_now + interval '1 second' then
    v_reasons := v_reasons || private.outlook_reason('org_pace', null, v_pace.org_slot);
  end if;
  return jsonb_build_object('can_send', v_can_send, 'next_at', case when not v_can_send and isfinite(v_next) then v_next end,
    'in_flight', v_in_flight, 'reasons', v_reasons);
end;
$$;
comment on function private.campaign_outlook(uuid, timestamptz) is
  'Whether a running campaign of the signed-in user''s organisation can send now, otherwise the earliest time (next_at; null if '
  'a person must act or no target waits), and every reason that holds numbers or people back, with how many and until when. Null '
  'if the campaign is not running. A pace alone does not block. Security definer: users may not read private tables.';
grant execute on function private.campaign_outlook(uuid, timestamptz) to authenticated;

create function public.campaign_outlook(p_campaign_id uuid) returns jsonb
  language sql set search_path = '' as $$ select private.campaign_outlook(p_campaign_id); $$;
comment on function public.campaign_outlook(uuid) is 'Calls the private function of the same name.';
grant execute on function public.campaign_outlook(uuid) to authenticated;
