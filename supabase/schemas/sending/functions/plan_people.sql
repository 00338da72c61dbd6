create function private.plan_people(
  p_campaign public.campaigns,
  p_org public.orgs,
  p_candidates uuid[],
  p_windows private.open_window[],
  p_pool private.pool_number[],
  p_caps private.carrier_room[],
  p_now timestamptz
)
returns table (
  id uuid, step smallint, min_segments smallint, attempts smallint, sticky_until timestamptz, variant smallint,
  text_limit smallint, last_day integer, obstacle text, sticky integer, local_numbers integer[],
  variables jsonb, recent_templates uuid[], cap integer
)
language plpgsql
set search_path = ''
as $$
declare
  v_cooldown timestamptz := p_now - make_interval(days => coalesce(p_campaign.cooldown_days, p_org.cooldown_days));
  v_limited_keys text[];
  v_limits smallint[];
  v_number_ids uuid[];
  v_area_codes text[];
  v_people text[];
begin
  select array_agg(w.key), array_agg(w.max_per_24h) into v_limited_keys, v_limits
  from unnest(p_windows) w where w.max_per_24h is not null;
  select array_agg(n.id order by n.o), array_agg(n.area_code order by n.o) into v_number_ids, v_area_codes
  from unnest(p_pool) with ordinality as n(id, e164, area_code, mps, health, day, room, segment_room, usable, is_open, planned,
    is_active, o);

  -- People whose contact another transaction holds (STOP, a claim) are left out of this plan: nothing here ever waits for a
  -- contact. Contacts are locked one by one, by their key and in its order, whatever the statistics say about a new organisation.
  -- Two steps of one person may be candidates of one plan.
  v_people := array(select distinct t.e164 from public.campaign_targets t where t.id = any (p_candidates) order by t.e164);
  v_people := array(
    select held.e164 from unnest(v_people) as p(e164)
    cross join lateral (
      select c.e164 from private.contacts c where c.org_id = p_org.id and c.e164 = p.e164 for no key update skip locked
    ) held);

  return query
  select t.id, t.step, t.min_segments, t.attempts, t.sticky_until,
    t.variant, v_limits[array_position(v_limited_keys, t.window_key)] as text_limit, day.texts as last_day,
    case when c.suppressed_at is not null then 'suppressed' when c.invalid_at is not null then 'invalid_phone'
      when c.held_at is not null then 'held'
      when refused.reason is not null then refused.reason
      when c.last_sent_at > v_cooldown and c.last_campaign_id is distinct from p_campaign.id then 'recently_contacted'
      when t.step > 1 then private.step_obstacle(t.id) end as obstacle,
    array_position(v_number_ids, c.phone_number_id) as sticky,
    array_positions(v_area_codes, substr(t.e164, 3, 3)) as local_numbers,
    l.variables, recent.templates as recent_templates, carrier.cap
  from (
    -- A second statement sees everything that was committed before the locks.
    select x.* from public.campaign_targets x
    where x.id = any (p_candidates) and x.state = 'waiting' for no key update skip locked
  ) t
  cross join lateral (
    select k.suppressed_at, k.invalid_at, k.last_sent_at, k.last_campaign_id, k.phone_number_id, k.held_at
    from private.contacts k where k.org_id = p_org.id and k.e164 = t.e164 limit 1
  ) c
  -- By any lead that has the phone.
  left join lateral (
    select r.reason from private.refused_phones r
    where r.org_id = p_org.id and r.e164 = t.e164 order by r.reason limit 1
  ) refused on true
  join private.lead_values l on l.lead_id = t.lead_id
  left join lateral (
    select array_agg(m.template_id) as templates
    from public.messages m
    -- "is true" leaves the planner only the index on to_number: with statistics from before a burst it used the index of the
    -- organisation, and read the whole burst for each person.
    where m.to_number = t.e164 and (m.org_id = p_org.id) is true and (m.created_at > p_now - interval '30 days') is true
      and m.kind = 'campaign' and m.status not in ('failed', 'canceled')
  ) recent on true
  cross join lateral (
    -- Counted only if a rule limits it: messages that were sent and messages that are queued.
    select case when t.window_key = any (v_limited_keys) then cardinality(private.texts_in_day(p_org.id, t.e164, p_now)) + (
      select count(*)::integer from public.messages m
      where m.to_number = t.e164 and (m.org_id = p_org.id) is true and m.status = 'queued'
        and (m.kind = 'campaign' or m.kind = 'direct' and m.exempt is null)) end as texts
  ) day
  left join public.lead_phones p on p_caps is not null and p.id = t.lead_phone_id
  cross join lateral (
    -- A phone with an unknown carrier counts against the smallest cap, which is the first.
    select case when p_caps is null then null when p.carrier is null then 1 else (
      select min(w.n)::integer from unnest(p_caps) with ordinality as w(id, word, room, n)
        where position(w.word in lower(p.carrier)) > 0) end as cap
  ) carrier
  join unnest(v_people) as held(e164) on held.e164 = t.e164
  order by t.not_before = '-infinity', t.ordinal;
end;
$$;
comment on function private.plan_people(public.campaigns, public.orgs, uuid[], private.open_window[], private.pool_number[],
  private.carrier_room[], timestamptz) is
  'The candidates of a plan that no other transaction holds, locked together with their contacts, and what is known of each. '
  'obstacle: why the person may not be written to (held, earlier_step_open: not yet). sticky and local_numbers: indexes of '
  'p_pool. cap: an index of p_caps. last_day: the number of texts to them in 24 hours, if text_limit limits it.';
