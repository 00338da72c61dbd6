create function private.claim_messages(
  p_taken uuid[],
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
  v_now timestamptz;
  v_row record;
  v_slot timestamptz;
  v_worker_slot timestamptz;
  v_numbers uuid[];
  v_targets uuid[];
  v_people_orgs uuid[];
  v_people_phones text[];
  v_number_ids uuid[];
  v_number_slots timestamptz[];
  v_campaign_ids uuid[];
  v_campaign_slots timestamptz[];
  v_org_ids uuid[];
  v_org_slots timestamptz[];
  v_seen uuid[] := '{}';
  v_limited text[] := '{}';
  v_claims private.claimed_slot[] := '{}';
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
  select l.* into v_numbers, v_targets, v_people_orgs, v_people_phones, v_number_ids, v_number_slots, v_campaign_ids,
    v_campaign_slots, v_org_ids, v_org_slots
  from private.lock_claim(p_taken) l;
  -- The clock is read after locking: the wait for locks must not move a slot into the past.
  v_now := coalesce(p_now, clock_timestamp());
  v_worker_slot := v_now + make_interval(secs => p_worker_free_in_ms / 1000);

  for v_row in
    select * from private.claim_verdicts(p_taken, v_numbers, v_targets, v_people_orgs, v_people_phones, v_number_ids,
      v_campaign_ids, v_org_ids, private.claim_windows(v_targets, v_now), p_twilio_is_loopback, v_now)
  loop
    v_seen := v_seen || v_row.id;
    if v_row.is_override_refused and not v_row.is_exempt then
      v_refused_override := v_row.campaign_id;
    end if;

    if v_row.verdict is null and v_row.max_per_24h is not null then
      -- The count does not include messages of this claim.
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
      -- A POST may start up to 40 ms late: with a spacing of exactly 1/mps, ordinary jitter would put too many into one second.
      v_number_slots[v_row.number_at] := v_slot + make_interval(secs => 1.04 * v_row.charged_segments / v_row.mps);
      if v_row.campaign_at is not null then
        v_campaign_slots[v_row.campaign_at] := v_slot + make_interval(secs => 1.04 / v_row.campaign_mps);
      end if;
      if v_row.org_at is not null then
        v_org_slots[v_row.org_at] := v_slot + make_interval(secs => 1.04 / v_row.org_mps);
      end if;
      v_worker_slot := v_worker_slot + make_interval(secs => p_worker_spacing_ms / 1000);
      v_n := v_n + 1;
      -- A reply is exempt for 24 hours from the person's message, and must not wait at Twilio any longer.
      v_claims[v_n] := (v_row.id, private.uuid_v7(), v_slot, least(36000, case
        when not v_row.is_exempt then floor(extract(epoch from least(v_row.valid_to, v_row.open_until) - v_now))::integer
        when v_row.kind <> 'campaign' and v_row.exempt is distinct from 'confirmation'
          then greatest(floor(extract(epoch from v_row.last_inbound_at + interval '24 hours' - v_now))::integer, 1)
        else 36000 end))::private.claimed_slot;
    else
      v_delay := case v_row.verdict
        -- People of a resting number are planned on another number. If the account rests, or for a reply, no other number can
        -- send.
        when 'resting' then case when v_row.kind <> 'campaign' or v_row.org_resting_until > v_now
          then ceil(extract(epoch from greatest(v_row.resting_until, v_row.org_resting_until) - v_now))::integer end
        when 'daily_limit' then 3600
        when 'held' then 3600
        when 'earlier_step_open' then 3600
        -- A campaign's targets are held back by their window itself. So if a rule opens again, no target is put off for days.
        when 'quiet_hours' then case when v_row.kind = 'campaign' then null when v_row.is_open then 900
          else ceil(extract(epoch from coalesce(v_row.next_open_at, v_row.valid_to) - v_now))::integer end
      end;
      if v_row.kind <> 'campaign' and v_row.verdict not in ('suppressed', 'number_inactive')
        and (v_row.kind <> 'direct' or v_row.verdict = 'resting') then
        -- A reply waits for its number or for the hour to open; an opt-out or a released number ends it. A direct text was
        -- written for this moment: it waits for nothing but a rest of its number, and its author is told.
        v_later := v_later || v_row.id;
        v_later_delay := v_later_delay || least(greatest(v_delay, 1), 3600);
      else
        v_dropped := v_dropped || v_row.id;
        v_dropped_to := v_dropped_to || case
          when v_row.kind <> 'campaign' or v_row.verdict = 'stopped' or private.ends_step(v_row.verdict) then 'canceled'
          when v_row.verdict in ('suppressed', 'recently_contacted') then 'excluded'
          else 'waiting' end::public.target_state;
        v_dropped_reason := v_dropped_reason || v_row.verdict;
        v_dropped_until := v_dropped_until || coalesce(v_now + make_interval(secs => v_delay), '-infinity');
      end if;
    end if;
  end loop;

  -- Messages whose person another transaction holds (a STOP being processed, another worker) are tried again in a second.
  if cardinality(v_seen) < cardinality(p_taken) then
    v_later := v_later || array(
      select m.id from public.messages m where m.id = any (p_taken) and m.status = 'queued' and m.id <> all (v_seen));
    v_later_delay := v_later_delay || array(select 1 from generate_series(cardinality(v_later_delay) + 1, cardinality(v_later)));
  end if;
  if v_n > 0 then
    perform private.write_claims(v_claims, p_worker_id, v_now);
    perform private.advance_clocks(v_number_ids, v_number_slots, v_campaign_ids, v_campaign_slots, v_org_ids, v_org_slots);
  end if;
  if cardinality(v_dropped) > 0 then
    perform private.drop_claims(v_dropped, v_dropped_to, v_dropped_reason, v_dropped_until, v_now);
  end if;
  if v_refused_override is not null then
    perform private.raise_alert(m.org_id, 'quiet_hours_override_refused', 'warning',
      'The campaign asks to send at any hour, which is allowed only against a Twilio simulator. Quiet hours were applied.', m.id)
    from public.campaigns m where m.id = v_refused_override;
  end if;
  perform private.put_back_later(v_later, v_later_delay);
  return query select * from private.claimed_sends(v_claims, p_now);
end;
$$;
comment on function private.claim_messages(uuid[], uuid, boolean, timestamptz, double precision, double precision) is
  'Claims the messages p_taken, each once, after they were taken out of their queues: see private.claim_sends.';
