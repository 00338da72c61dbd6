create function private.claim_messages(
  p_taken uuid[],
  p_queues text[],
  p_worker_id uuid,
  p_twilio_is_loopback boolean,
  p_now timestamptz default null,
  p_worker_free_in_ms double precision default 0,
  p_worker_spacing_ms double precision default 0
)
returns setof private.claimed_send
language plpgsql
set search_path = ''
set plan_cache_mode = force_generic_plan
as $$
declare
  v_taken uuid[] := p_taken;
  v_queues text[] := p_queues;
  v_now timestamptz;
  v_row record;
  v_slot timestamptz;
  v_worker_slot timestamptz;
  v_campaigns uuid[];
  v_numbers uuid[];
  v_orgs uuid[];
  v_targets uuid[];
  v_message_orgs uuid[];
  v_message_phones text[];
  v_people_orgs uuid[];
  v_people_phones text[];
  v_number_ids uuid[];
  v_number_slots timestamptz[];
  v_campaign_ids uuid[];
  v_campaign_slots timestamptz[];
  v_org_ids uuid[];
  v_org_slots timestamptz[];
  v_window_orgs uuid[];
  v_window_keys text[];
  v_window_open boolean[];
  v_window_to timestamptz[];
  v_window_next timestamptz[];
  v_window_limit smallint[];
  v_seen uuid[] := '{}';
  v_limited text[] := '{}';
  v_claimed uuid[] := '{}';
  v_attempts uuid[] := '{}';
  v_slots timestamptz[] := '{}';
  v_validity integer[] := '{}';
  v_n integer := 0;
  v_later uuid[] := '{}';
  v_later_delay integer[] := '{}';
  v_dropped uuid[] := '{}';
  v_dropped_to public.target_state[] := '{}';
  v_dropped_reason text[] := '{}';
  v_dropped_until timestamptz[] := '{}';
  v_delay integer;
  v_refused_override uuid;
begin
  select array_agg(distinct m.campaign_id) filter (where m.campaign_id is not null), array_agg(distinct m.phone_number_id),
    array_agg(distinct m.org_id),
    array_agg(m.campaign_target_id) filter (where m.campaign_target_id is not null), array_agg(m.org_id), array_agg(m.to_number)
  into v_campaigns, v_numbers, v_orgs, v_targets, v_message_orgs, v_message_phones
  from public.messages m where m.id = any (v_taken) and m.status = 'queued';

  -- 1. Lock, in the one order: campaign → clocks → contact → target → message, each by id.
  perform 1 from public.campaigns c where c.id = any (v_campaigns) order by c.id for share;
  perform 1 from public.phone_numbers n where n.id = any (v_numbers) order by n.id for share;
  select array_agg(p.org_id), array_agg(p.next_slot_at) into v_org_ids, v_org_slots from (
    select x.org_id, x.next_slot_at from private.org_pace x join public.orgs o on o.id = x.org_id
    where o.mps is not null and x.org_id = any (v_orgs)
    order by x.org_id for no key update of x) p;
  select array_agg(p.campaign_id), array_agg(p.next_slot_at) into v_campaign_ids, v_campaign_slots from (
    select x.campaign_id, x.next_slot_at from private.campaign_pace x join public.campaigns c on c.id = x.campaign_id
    where c.mps is not null and x.campaign_id = any (v_campaigns)
    order by x.campaign_id for no key update of x) p;
  select array_agg(p.phone_number_id), array_agg(p.next_slot_at) into v_number_ids, v_number_slots from (
    select x.phone_number_id, x.next_slot_at from private.number_pace x
    where x.phone_number_id = any (v_numbers)
    order by x.phone_number_id for no key update) p;
  select array_agg(p.org_id), array_agg(p.e164) into v_people_orgs, v_people_phones from (
    select c.org_id, c.e164 from private.contacts c
    where (c.org_id, c.e164) in (select x.org_id, x.e164 from unnest(v_message_orgs, v_message_phones) as x(org_id, e164))
    order by c.org_id, c.e164 for no key update skip locked) p;
  v_targets := array(
    select t.id from public.campaign_targets t where t.id = any (v_targets) order by t.id for no key update skip locked);

  -- 2. Re-check with a fresh snapshot. The clock is read now: waiting for locks must not let a slot slip into the past.
  v_now := coalesce(p_now, clock_timestamp());
  v_worker_slot := v_now + make_interval(secs => p_worker_free_in_ms / 1000);
  select array_agg(k.org_id), array_agg(k.window_key), array_agg(w.is_open), array_agg(w.valid_to), array_agg(w.next_open_at),
    array_agg(w.max_per_24h)
  into v_window_orgs, v_window_keys, v_window_open, v_window_to, v_window_next, v_window_limit
  from (select distinct t.org_id, t.window_key from public.campaign_targets t where t.id = any (v_targets)) k
  cross join lateral private.window_state(k.org_id, k.window_key, v_now) w;

  for v_row in
    with numbers as materialized (
      select n.id, n.status, n.mps::double precision as mps, p.resting_until, (v_now at time zone n.time_zone)::date as day,
        private.number_open_until(n.quiet_starts, n.quiet_ends, n.time_zone, v_now) as open_until
      from public.phone_numbers n join private.number_pace p on p.phone_number_id = n.id
      where n.id = any (v_numbers)
    ),
    windows as (
      select * from unnest(v_window_orgs, v_window_keys, v_window_open, v_window_to, v_window_next, v_window_limit)
        as w(org_id, window_key, is_open, valid_to, next_open_at, max_per_24h)
    )
    select m.id, m.kind, m.campaign_id, m.charged_segments, n.mps, n.open_until, c.mps as campaign_mps, o.mps as org_mps,
      array_position(v_number_ids, m.phone_number_id) as number_at,
      array_position(v_campaign_ids, m.campaign_id) as campaign_at,
      array_position(v_org_ids, m.org_id) as org_at,
      n.resting_until, op.resting_until as org_resting_until,
      m.to_number, m.exempt, k.last_inbound_at, w.max_per_24h, d.texts,
      e.is_exempt, w.is_open, w.valid_to, w.next_open_at,
        (c.quiet_hours_override and not p_twilio_is_loopback) as is_override_refused,
      case
        when m.kind = 'campaign' and (t.message_id is distinct from m.id or t.state <> 'queued') then 'stale'
        when m.kind = 'campaign' and c.status = 'stopped' then 'stopped'
        when k.suppressed_at is not null and m.exempt is distinct from 'confirmation' then 'suppressed'
        when m.kind = 'campaign' and c.status <> 'running' then 'paused'
        when n.id is null or (n.status <> 'active' and (m.kind = 'campaign' or n.status = 'released')) then 'number_inactive'
        when greatest(n.resting_until, op.resting_until) > v_now then 'resting'
        when m.kind = 'campaign' and (m.charged_day, (m.queued_at at time zone o.time_zone)::date)
          is distinct from (n.day, (v_now at time zone o.time_zone)::date)
          then 'new_day'
        when m.carrier_cap_id is not null and private.carrier_day(m.queued_at) <> private.carrier_day(v_now) then 'new_day'
        when m.kind = 'campaign' and k.last_campaign_id is distinct from m.campaign_id
          and k.last_sent_at > v_now - make_interval(days => coalesce(c.cooldown_days, o.cooldown_days)) then 'recently_contacted'
        when e.is_exempt then null
        when not w.is_open or w.valid_to < v_now + interval '60 seconds'
          or coalesce(n.open_until < v_now + interval '60 seconds', true) then 'quiet_hours'
        when d.texts >= w.max_per_24h then 'daily_limit'
      end as verdict
    from unnest(v_taken, v_queues) with ordinality as q(message_id, queue, n)
    join public.messages m on m.id = q.message_id and m.status = 'queued'
    join unnest(v_people_orgs, v_people_phones) as held(org_id, e164) on held.org_id = m.org_id and held.e164 = m.to_number
    join public.orgs o on o.id = m.org_id
    join private.org_pace op on op.org_id = m.org_id
    join private.contacts k on k.org_id = m.org_id and k.e164 = m.to_number
    left join numbers n on n.id = m.phone_number_id
    left join public.campaigns c on c.id = m.campaign_id and m.kind = 'campaign'
    left join public.campaign_targets t on t.id = m.campaign_target_id
    cross join lateral (
      select m.exempt is not distinct from 'confirmation'
        or (m.kind <> 'campaign' and coalesce(k.last_inbound_at > v_now - interval '24 hours', false))
        or (m.kind = 'campaign' and c.quiet_hours_override and p_twilio_is_loopback) as is_exempt
    ) e
    left join lateral (
      select x.is_open, x.valid_to, x.next_open_at, x.max_per_24h from windows x
      where not e.is_exempt and x.org_id = m.org_id and x.window_key = t.window_key
      union all
      select x.is_open, x.valid_to, x.next_open_at, x.max_per_24h from private.person_window(m.org_id, m.to_number, v_now) x
      where not e.is_exempt and t.window_key is null
    ) w on true
    cross join lateral (
      select case when w.max_per_24h is not null then cardinality(private.texts_in_day(m.org_id, m.to_number, v_now)) end as texts
    ) d
    -- A target that somebody else holds may be about to lose this message: a late receipt cancels the replacement.
    where m.campaign_target_id is null or m.campaign_target_id = any (v_targets)
    order by q.n
    for no key update of m skip locked
  loop
    v_seen := v_seen || v_row.id;
    if v_row.is_override_refused and not v_row.is_exempt then
      v_refused_override := v_row.campaign_id;
    end if;

    if v_row.verdict is null and v_row.max_per_24h is not null then
      -- What this claim takes is not among what was counted.
      if v_row.texts + cardinality(array_positions(v_limited, v_row.to_number)) >= v_row.max_per_24h then
        v_later := v_later || v_row.id;
        v_later_delay := v_later_delay || 1;
        continue;
      end if;
      v_limited := v_limited || v_row.to_number;
    end if;
    if v_row.verdict is null then
      v_slot := greatest(v_worker_slot, v_number_slots[v_row.number_at],
        coalesce(v_campaign_slots[v_row.campaign_at], '-infinity'), coalesce(v_org_slots[v_row.org_at], '-infinity'));
      if v_slot > v_now + interval '1 second' then
        v_later := v_later || v_row.id;
        v_later_delay := v_later_delay || least(greatest(floor(extract(epoch from v_slot - v_now))::integer, 1), 60);
        continue;
      end if;
      -- 40 ms are the room a POST has to start in: plain 1/mps spacing breaks the sliding second with ordinary jitter.
      v_number_slots[v_row.number_at] := v_slot + make_interval(secs => 1.04 * v_row.charged_segments / v_row.mps);
      if v_row.campaign_at is not null then
        v_campaign_slots[v_row.campaign_at] := v_slot + make_interval(secs => 1.04 / v_row.campaign_mps);
      end if;
      if v_row.org_at is not null then
        v_org_slots[v_row.org_at] := v_slot + make_interval(secs => 1.04 / v_row.org_mps);
      end if;
      v_worker_slot := v_worker_slot + make_interval(secs => p_worker_spacing_ms / 1000);
      v_n := v_n + 1;
      v_claimed[v_n] := v_row.id;
      v_attempts[v_n] := private.uuid_v7();
      v_slots[v_n] := v_slot;
      -- An answer to a person is exempt for 24 hours from what they wrote, and must not wait at Twilio beyond them.
      v_validity[v_n] := least(36000, case
        when not v_row.is_exempt then floor(extract(epoch from least(v_row.valid_to, v_row.open_until) - v_now))::integer
        when v_row.kind <> 'campaign' and v_row.exempt is distinct from 'confirmation'
          then greatest(floor(extract(epoch from v_row.last_inbound_at + interval '24 hours' - v_now))::integer, 1)
        else 36000 end);
    else
      v_delay := case v_row.verdict
        -- A resting number's people are planned on another; where the account rests, or for a reply, nobody else can send.
        when 'resting' then case when v_row.kind <> 'campaign' or v_row.org_resting_until > v_now
          then ceil(extract(epoch from greatest(v_row.resting_until, v_row.org_resting_until) - v_now))::integer end
        when 'daily_limit' then 3600
        -- A campaign's people are held back by their window itself: a rule that opens again then has nobody put off for days.
        when 'quiet_hours' then case when v_row.kind = 'campaign' then null when v_row.is_open then 900
          else ceil(extract(epoch from coalesce(v_row.next_open_at, v_row.valid_to) - v_now))::integer end
      end;
      if v_row.kind <> 'campaign' and v_row.verdict not in ('suppressed', 'number_inactive') then
        -- A person's reply waits for its number or the hour; an opt-out or a released number ends it.
        v_later := v_later || v_row.id;
        v_later_delay := v_later_delay || least(greatest(v_delay, 1), 3600);
      else
        v_dropped := v_dropped || v_row.id;
        v_dropped_to := v_dropped_to || case
          when v_row.kind <> 'campaign' or v_row.verdict = 'stopped' then 'canceled'
          when v_row.verdict in ('suppressed', 'recently_contacted') then 'excluded'
          else 'waiting' end::public.target_state;
        v_dropped_reason := v_dropped_reason || v_row.verdict;
        v_dropped_until := v_dropped_until || coalesce(v_now + make_interval(secs => v_delay), '-infinity');
      end if;
    end if;
  end loop;

  -- Whom somebody else holds (a STOP being handled, another worker) is looked at again in a second.
  if cardinality(v_seen) < cardinality(v_taken) then
    v_later := v_later || array(
      select m.id from public.messages m where m.id = any (v_taken) and m.status = 'queued' and m.id <> all (v_seen));
    v_later_delay := v_later_delay || array(select 1 from generate_series(cardinality(v_later_delay) + 1, cardinality(v_later)));
  end if;

  if v_n > 0 then
    insert into public.send_attempts (id, org_id, message_id, number, worker_id, slot_at, claimed_at)
    select x.attempt_id, m.org_id, m.id,
      coalesce((select max(a.number) from public.send_attempts a where a.message_id = m.id), 0) + 1, p_worker_id, x.slot, v_now
    from unnest(v_claimed, v_attempts, v_slots) as x(id, attempt_id, slot)
    join public.messages m on m.id = x.id;
    update public.messages m set status = 'sending', attempt_id = x.attempt_id, updated_at = v_now
    from unnest(v_claimed, v_attempts) as x(id, attempt_id) where m.id = x.id;
    update public.campaign_targets t set state = 'sending', updated_at = v_now
    from public.messages m where m.id = any (v_claimed) and t.id = m.campaign_target_id and m.kind = 'campaign';
    update private.contacts k
    set last_sent_at = v_now, last_campaign_id = m.campaign_id, phone_number_id = m.phone_number_id
    from public.messages m where m.id = any (v_claimed) and m.kind = 'campaign' and k.org_id = m.org_id and k.e164 = m.to_number;
    update private.number_pace p set next_slot_at = x.slot
    from unnest(v_number_ids, v_number_slots) as x(id, slot) where p.phone_number_id = x.id and p.next_slot_at < x.slot;
    if v_campaign_ids is not null then
      update private.campaign_pace p set next_slot_at = x.slot
      from unnest(v_campaign_ids, v_campaign_slots) as x(id, slot) where p.campaign_id = x.id and p.next_slot_at < x.slot;
    end if;
    if v_org_ids is not null then
      update private.org_pace p set next_slot_at = x.slot
      from unnest(v_org_ids, v_org_slots) as x(id, slot) where p.org_id = x.id and p.next_slot_at < x.slot;
    end if;
  end if;

  if cardinality(v_dropped) > 0 then
    perform private.drop_claims(v_dropped, v_dropped_to, v_dropped_reason, v_dropped_until, v_now);
  end if;
  if v_refused_override is not null then
    perform private.raise_alert(m.org_id, 'quiet_hours_override_refused', 'warning',
      'The campaign asks to send at any hour, which is allowed only against a Twilio simulator. Quiet hours were applied.', m.id)
    from public.campaigns m where m.id = v_refused_override;
  end if;
  for v_delay in select distinct d from unnest(v_later_delay) d loop
    perform private.put_back('replies', array(
      select m.id from unnest(v_later, v_later_delay) as x(id, delay)
        join public.messages m on m.id = x.id and m.kind <> 'campaign' where x.delay = v_delay), v_delay);
    perform private.put_back('sends', array(
      select m.id from unnest(v_later, v_later_delay) as x(id, delay)
        join public.messages m on m.id = x.id and m.kind = 'campaign' where x.delay = v_delay), v_delay);
  end loop;

  return query
  select m.id, x.attempt_id, m.org_id, m.kind,
    extract(epoch from x.slot - coalesce(p_now, clock_timestamp()))::double precision * 1000,
    m.to_number, m.from_number, a.account_sid, coalesce(n.messaging_service_sid, a.messaging_service_sid),
    m.content, v.content, m.language, m.variables, m.charged_segments, x.validity, n.mps::double precision
  from unnest(v_claimed, v_attempts, v_slots, v_validity) as x(id, attempt_id, slot, validity)
  join public.messages m on m.id = x.id
  join public.phone_numbers n on n.id = m.phone_number_id
  left join public.twilio_accounts a on a.org_id = m.org_id
  left join public.template_versions v on v.template_id = m.template_id and v.version = m.template_version
  order by x.slot;
end;
$$;
comment on function private.claim_messages(uuid[], text[], uuid, boolean, timestamptz, double precision, double precision) is
  'Claims the messages p_taken, each once, that were taken out of p_queues (one for each): see claim_sends.';
