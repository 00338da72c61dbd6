create function private.claim_verdicts(
  p_taken uuid[],
  p_numbers uuid[],
  p_targets uuid[],
  p_people_orgs uuid[],
  p_people_phones text[],
  p_number_ids uuid[],
  p_campaign_ids uuid[],
  p_org_ids uuid[],
  p_windows private.claim_window[],
  p_twilio_is_loopback boolean,
  p_now timestamptz
)
returns table (
  id uuid, kind text, campaign_id uuid, charged_segments smallint, mps double precision, open_until timestamptz,
  campaign_mps numeric, org_mps numeric, number_at integer, campaign_at integer, org_at integer, resting_until timestamptz,
  org_resting_until timestamptz, to_number text, exempt text, last_inbound_at timestamptz, max_per_24h smallint, texts integer,
  is_exempt boolean, is_open boolean, valid_to timestamptz, next_open_at timestamptz, is_override_refused boolean, verdict text
)
language plpgsql
set search_path = ''
as $$
begin
  return query
  with numbers as materialized (
    select n.id, n.status, n.mps::double precision as mps, p.resting_until, (p_now at time zone n.time_zone)::date as day,
      private.number_open_until(n.quiet_starts, n.quiet_ends, n.time_zone, p_now) as open_until
    from public.phone_numbers n join private.number_pace p on p.phone_number_id = n.id
    where n.id = any (p_numbers)
  ),
  windows as (select * from unnest(p_windows) w)
  select m.id, m.kind, m.campaign_id, m.charged_segments, n.mps, n.open_until, c.mps as campaign_mps, o.mps as org_mps,
    array_position(p_number_ids, m.phone_number_id) as number_at,
    array_position(p_campaign_ids, m.campaign_id) as campaign_at,
    array_position(p_org_ids, m.org_id) as org_at,
    n.resting_until, op.resting_until as org_resting_until,
    m.to_number, m.exempt, k.last_inbound_at, w.max_per_24h, d.texts,
    e.is_exempt, w.is_open, w.valid_to, w.next_open_at,
      (c.quiet_hours_override and not p_twilio_is_loopback) as is_override_refused,
    case
      when m.kind = 'campaign' and (t.message_id is distinct from m.id or t.state <> 'queued') then 'stale'
      when m.kind = 'campaign' and c.status = 'stopped' then 'stopped'
      when k.suppressed_at is not null and m.exempt is distinct from 'confirmation' then 'suppressed'
      when m.kind in ('campaign', 'direct') and k.held_at is not null then 'held'
      when m.kind in ('campaign', 'direct') and refused.reason is not null then refused.reason
      when m.kind = 'campaign' and c.status <> 'running' then 'paused'
      when n.id is null or (n.status <> 'active' and (m.kind in ('campaign', 'direct') or n.status = 'released'))
        then 'number_inactive'
      when greatest(n.resting_until, op.resting_until) > p_now then 'resting'
      when m.kind = 'campaign' and op.blocked_regions <> '{}'
        and private.phone_region(m.to_number) = any (op.blocked_regions) then 'region_blocked'
      when m.kind in ('campaign', 'direct') and (m.charged_day, (m.queued_at at time zone o.time_zone)::date)
        is distinct from (n.day, (p_now at time zone o.time_zone)::date)
        then 'new_day'
      when m.carrier_cap_id is not null and private.carrier_day(m.queued_at) <> private.carrier_day(p_now) then 'new_day'
      when m.kind = 'campaign' and k.last_campaign_id is distinct from m.campaign_id
        and k.last_sent_at > p_now - make_interval(days => coalesce(c.cooldown_days, o.cooldown_days)) then 'recently_contacted'
      -- Asked twice only if it is an obstacle. Campaigns without steps pay for one comparison.
      when m.step > 1 and private.step_obstacle(t.id) is not null then private.step_obstacle(t.id)
      when e.is_exempt then null
      when not w.is_open or w.valid_to < p_now + interval '60 seconds'
        or coalesce(n.open_until < p_now + interval '60 seconds', true) then 'quiet_hours'
      when d.texts >= w.max_per_24h then 'daily_limit'
    end as verdict
  from unnest(p_taken) with ordinality as q(message_id, n)
  join public.messages m on m.id = q.message_id and m.status = 'queued'
  join unnest(p_people_orgs, p_people_phones) as held(org_id, e164) on held.org_id = m.org_id and held.e164 = m.to_number
  join public.orgs o on o.id = m.org_id
  join private.org_pace op on op.org_id = m.org_id
  join private.contacts k on k.org_id = m.org_id and k.e164 = m.to_number
  left join lateral (
    select r.reason from private.refused_phones r
    where r.org_id = m.org_id and r.e164 = m.to_number order by r.reason limit 1
  ) refused on true
  left join numbers n on n.id = m.phone_number_id
  left join public.campaigns c on c.id = m.campaign_id and m.kind = 'campaign'
  left join public.campaign_targets t on t.id = m.campaign_target_id
  cross join lateral (
    select m.exempt is not distinct from 'confirmation'
      or (m.kind <> 'campaign' and coalesce(k.last_inbound_at > p_now - interval '24 hours', false))
      or (m.kind = 'campaign' and c.quiet_hours_override and p_twilio_is_loopback) as is_exempt
  ) e
  left join lateral (
    select x.is_open, x.valid_to, x.next_open_at, x.max_per_24h from windows x
    where not e.is_exempt and x.org_id = m.org_id and x.window_key = t.window_key
    union all
    select x.is_open, x.valid_to, x.next_open_at, x.max_per_24h from private.person_window(m.org_id, m.to_number, p_now) x
    where not e.is_exempt and t.window_key is null
  ) w on true
  cross join lateral (
    select case when w.max_per_24h is not null then cardinality(private.texts_in_day(m.org_id, m.to_number, p_now)) end as texts
  ) d
  -- A target that another transaction holds may be about to lose this message: a late receipt cancels the replacement.
  where m.campaign_target_id is null or m.campaign_target_id = any (p_targets)
  order by q.n
  for no key update of m skip locked;
end;
$$;
comment on function private.claim_verdicts(uuid[], uuid[], uuid[], uuid[], text[], uuid[], uuid[], uuid[], private.claim_window[],
  boolean, timestamptz) is
  'The last check of messages before they are posted. Locks them and returns them in the order of p_taken. verdict is why a '
  'message may not be sent now, null if it may. The arguments after p_taken are what private.lock_claim holds; number_at, '
  'campaign_at and org_at are indexes of its clocks. Leaves out messages whose row, person or target another transaction holds.';
