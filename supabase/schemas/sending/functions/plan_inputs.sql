-- The inputs of a plan of one campaign, read once for each plan. private.plan_campaign has their order.

create function private.open_windows(p_campaign public.campaigns, p_now timestamptz)
returns private.open_window[]
language plpgsql
set search_path = ''
as $$
declare
  v_version bigint := private.rules_version(p_campaign.org_id);
begin
  -- Answers that are not in the cache are computed and stored.
  return (
    select array_agg((k.key, w.max_per_24h)::private.open_window)
    from private.waiting_keys(p_campaign.id) as k(key)
    cross join lateral (
      select x.is_open, x.valid_to, x.max_per_24h from private.windows x
      where x.org_id = p_campaign.org_id and x.window_key = k.key and x.version = v_version and x.valid_from <= p_now
        and x.valid_to > p_now
      union all
      select x.is_open, x.valid_to, x.max_per_24h from private.window_state(p_campaign.org_id, k.key, p_now, true) x
      limit 1
    ) w
    where p_campaign.quiet_hours_override or (w.is_open and w.valid_to > p_now + interval '60 seconds'));
end;
$$;
comment on function private.open_windows(public.campaigns, timestamptz) is
  'The windows of a campaign''s waiting targets that are open for another minute; all of them if it sends at any hour. Null: '
  'none.';

create function private.plan_candidates(p_campaign_id uuid, p_windows private.open_window[], p_quota integer,
  p_now timestamptz)
returns uuid[]
language plpgsql
stable
set search_path = ''
as $$
declare
  v_keys text[] := array(select w.key from unnest(p_windows) w);
begin
  if v_keys = '{}' then
    return '{}';
  end if;
  -- Takes as many targets that were put off and are due again (those that wait for a number can take no other) as targets that
  -- are tried for the first time, so that neither keeps the others out; the oldest first across keys. Each key is a range of the
  -- index for either.
  return array(
    select c.id
    from unnest(v_keys) as k(key)
    cross join lateral (
      select t.id, t.not_before, t.ordinal from public.campaign_targets t
      where t.campaign_id = p_campaign_id and t.is_waiting and t.window_key = k.key and t.not_before > '-infinity'
        and t.not_before <= p_now
      order by t.not_before, t.ordinal limit p_quota
    ) c
    order by c.not_before, c.ordinal limit p_quota)
  || array(
    select c.id
    from unnest(v_keys) as k(key)
    cross join lateral (
      select t.id, t.ordinal from public.campaign_targets t
      where t.campaign_id = p_campaign_id and t.is_waiting and t.window_key = k.key and t.not_before = '-infinity'
      order by t.ordinal limit p_quota
    ) c
    order by c.ordinal limit p_quota);
end;
$$;
comment on function private.plan_candidates(uuid, private.open_window[], integer, timestamptz) is
  'Waiting targets of a campaign in these windows: up to p_quota of those that were put off and are due, and up to p_quota of '
  'those that were never tried.';

create function private.campaign_pool(p_campaign public.campaigns, p_numbers private.pool_number[],
  out p_pool private.pool_number[], out p_rooms integer[], out p_segment_rooms integer[], out p_planned_on integer[],
  out p_left integer)
language plpgsql
stable
set search_path = ''
as $$
declare
  v_chosen uuid[] := array(select cn.phone_number_id from public.campaign_phone_numbers cn where cn.campaign_id = p_campaign.id);
begin
  p_pool := array(
    select (n.id, n.e164, n.area_code, n.mps, n.health, n.day,
      case when x.is_in_pool and n.usable and (n.is_open or p_campaign.quiet_hours_override) then n.room else 0 end,
      n.segment_room, n.usable, n.is_open, n.planned, x.is_in_pool and n.is_active)::private.pool_number
    from unnest(p_numbers) with ordinality as n(id, e164, area_code, mps, health, day, room, segment_room, usable, is_open,
      planned, is_active, o)
    cross join lateral (select cardinality(v_chosen) = 0 or n.id = any (v_chosen) as is_in_pool) x
    order by n.o);
  select array_agg(n.room order by n.o), array_agg(n.segment_room order by n.o), array_agg(n.planned order by n.o),
    sum(least(n.room, n.segment_room))
  into p_rooms, p_segment_rooms, p_planned_on, p_left
  from unnest(p_pool) with ordinality as n(id, e164, area_code, mps, health, day, room, segment_room, usable, is_open, planned,
    is_active, o);
end;
$$;
comment on function private.campaign_pool(public.campaigns, private.pool_number[]) is
  'The organisation''s numbers, at the same indexes, as a campaign may use them: numbers that it may not use have no room and '
  'are not waited for. A campaign that lists no numbers uses all. Also returns their rooms as separate arrays, and the sum of '
  'all room.';

create function private.number_sequence(p_pool private.pool_number[], p_quota integer, out p_sequence integer[],
  out p_levels integer[])
language plpgsql
immutable
set search_path = ''
as $$
begin
  -- The healthiest number with most room comes first for each message: every level of every number's room is one place in the
  -- sequence.
  select array_agg(s.o::integer order by s.health desc, s.level desc, s.id),
    array_agg(s.level order by s.health desc, s.level desc, s.id)
  into p_sequence, p_levels
  from (
    select n.o, n.id, n.health, n.room - k as level
    from unnest(p_pool) with ordinality as n(id, e164, area_code, mps, health, day, room, segment_room, usable, is_open,
      planned, is_active, o)
    cross join generate_series(0, least(n.room, p_quota) - 1) k
  ) s;
end;
$$;
comment on function private.number_sequence(private.pool_number[], integer) is
  'The order in which numbers take messages, as indexes of p_pool, and the room that each has when its turn comes.';

create function private.plan_texts(p_campaign public.campaigns, p_support_contact text)
returns private.plan_text[]
language plpgsql
stable
set search_path = ''
as $$
begin
  return (
    select array_agg((t.id, t.worst_segments, ct.variant, coalesce(ct.learned_share, ct.weight),
      -- What was learned is of this campaign alone, so uses in others do not count.
      case p_campaign.rotation when 'even' then u.uses else 0 end, array_to_string(
      private.lead_needs(t.required_variables, p_support_contact), ','), ct.step)::private.plan_text
      order by t.id, ct.step)
    from public.campaign_templates ct
    join public.templates t on t.id = ct.template_id and t.is_active
    join private.template_usage u on u.template_id = t.id
    where ct.campaign_id = p_campaign.id);
end;
$$;
comment on function private.plan_texts(public.campaigns, text) is
  'The active templates of all steps of a campaign, by id. Null: none. p_support_contact: the organisation''s.';

create function private.text_steps(p_campaign_id uuid)
returns smallint[]
language plpgsql
stable
set search_path = ''
as $$
begin
  return (
    select array_agg(case when s.kind = 'next_phone' and not exists (
        select from public.campaign_templates ct where ct.campaign_id = s.campaign_id and ct.step = s.step) then 1 else s.step end
      order by s.step)
    from (
      select 1::smallint as step, 'text' as kind, p_campaign_id as campaign_id
      union all
      select x.step, x.kind, x.campaign_id from public.campaign_steps x where x.campaign_id = p_campaign_id
    ) s);
end;
$$;
comment on function private.text_steps(uuid) is
  'For each step of a campaign, whose texts it uses: its own, or those of the first step.';

create function private.carrier_rooms(p_org_id uuid, p_now timestamptz)
returns private.carrier_room[]
language plpgsql
stable
set search_path = ''
as $$
begin
  return (
    select array_agg((c.id, c.carrier, greatest(c.daily_segments - coalesce(u.segments, 0), 0))::private.carrier_room
      order by c.daily_segments, c.id)
    from public.carrier_caps c
    left join private.daily_usage u on u.scope = 'carrier' and u.scope_id = c.id and u.day = private.carrier_day(p_now)
    where c.org_id = p_org_id);
end;
$$;
comment on function private.carrier_rooms(uuid, timestamptz) is
  'The carrier caps of an organisation with what is left of them today, the smallest cap first. Null: none.';
