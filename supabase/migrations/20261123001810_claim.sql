-- Claiming: the last look before Twilio is called. Two statements on purpose: one that locks, then one that re-checks with a
-- fresh snapshot. (One statement that does both sees the world before its locks, and was measured to claim after a committed opt-out.)
-- The caller must commit before it posts anything: the attempt is what survives a crash.

create type private.claimed_send as (
  message_id uuid,
  attempt_id uuid,
  org_id uuid,
  kind text,
  slot_in_ms double precision,
  to_number text,
  from_number text,
  account_sid text,
  messaging_service_sid text,
  content text,
  template_content text,
  language text,
  variables jsonb,
  charged_segments smallint,
  validity_seconds integer,
  mps double precision
);
comment on type private.claimed_send is
  'What a worker posts. slot_in_ms counts from when the claim returned: the POST starts within [slot, slot + 40 ms] or the message is given back. content is set for replies; campaign messages are rendered from template and variables.';

create function private.put_back(p_queue text, p_message_ids uuid[], p_delay_seconds integer)
returns void
language plpgsql
set search_path = ''
as $$
begin
  if cardinality(p_message_ids) > 0 then
    perform pgmq.send_batch(p_queue, array(select jsonb_build_object('message_id', m) from unnest(p_message_ids) m), p_delay_seconds);
  end if;
end;
$$;
comment on function private.put_back(text, uuid[], integer) is 'Queues messages again, visible after a delay in seconds.';

create function private.take_queued(p_limit integer)
returns table (message_id uuid, queue text)
language plpgsql
set search_path = ''
as $$
declare
  v_queue text;
  v_left integer := p_limit;
  v_ids bigint[];
  v_messages uuid[];
begin
  -- Replies first. Queue rows are deleted at once: the message row is the only truth, and rescue re-queues what lost its row.
  foreach v_queue in array array['replies', 'sends'] loop
    exit when v_left <= 0;
    select array_agg(r.msg_id), array_agg((r.message ->> 'message_id')::uuid order by r.msg_id)
    into v_ids, v_messages
    from pgmq.read(v_queue, 30, v_left) r;
    continue when v_ids is null;
    perform pgmq.delete(v_queue, v_ids);
    v_left := v_left - cardinality(v_ids);
    return query select m, v_queue from unnest(v_messages) m;
  end loop;
end;
$$;
comment on function private.take_queued(integer) is 'Takes up to p_limit due messages off the queues, replies first.';

create function private.claim_sends(p_worker_id uuid, p_limit integer, p_twilio_is_loopback boolean, p_now timestamptz default null)
returns setof private.claimed_send
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_taken uuid[];
  v_queues text[];
  v_now timestamptz;
  v_row record;
  v_verdict text;
  v_window private.windows;
  v_slot timestamptz;
  v_spacing interval;
  v_number_ids uuid[];
  v_number_slots timestamptz[];
  v_campaign_ids uuid[];
  v_campaign_slots timestamptz[];
  v_org_ids uuid[];
  v_org_slots timestamptz[];
  v_n integer;
  v_c integer;
  v_o integer;
  v_claimed uuid[] := '{}';
  v_attempts uuid[] := '{}';
  v_slots timestamptz[] := '{}';
  v_validity integer[] := '{}';
  v_seconds integer;
  v_later uuid[] := '{}';
  v_later_delay integer[] := '{}';
  v_dropped uuid[] := '{}';
  v_dropped_to public.target_state[] := '{}';
  v_dropped_reason text[] := '{}';
  v_dropped_until timestamptz[] := '{}';
  v_seen uuid[] := '{}';
  v_until timestamptz;
  v_refused_override uuid;
  v_people text[];
  v_targets uuid[];
begin
  select array_agg(t.message_id), array_agg(t.queue) into v_taken, v_queues from private.take_queued(p_limit) t;
  if v_taken is null then
    return;
  end if;

  -- 1. Lock, in the one order: campaign → clocks → contact → target → message, each by id.
  perform 1 from public.campaigns c
  where c.id in (select m.campaign_id from public.messages m where m.id = any (v_taken) and m.status = 'queued')
  order by c.id for share;
  perform 1 from public.phone_numbers n
  where n.id in (select m.phone_number_id from public.messages m where m.id = any (v_taken) and m.status = 'queued')
  order by n.id for share;
  select array_agg(p.org_id), array_agg(p.next_slot_at) into v_org_ids, v_org_slots from (
    select x.org_id, x.next_slot_at from private.org_pace x join public.orgs o on o.id = x.org_id
    where o.mps is not null and x.org_id in (select m.org_id from public.messages m where m.id = any (v_taken) and m.status = 'queued')
    order by x.org_id for no key update of x) p;
  select array_agg(p.campaign_id), array_agg(p.next_slot_at) into v_campaign_ids, v_campaign_slots from (
    select x.campaign_id, x.next_slot_at from private.campaign_pace x join public.campaigns c on c.id = x.campaign_id
    where c.mps is not null and x.campaign_id in (select m.campaign_id from public.messages m where m.id = any (v_taken) and m.status = 'queued')
    order by x.campaign_id for no key update of x) p;
  select array_agg(p.phone_number_id), array_agg(p.next_slot_at) into v_number_ids, v_number_slots from (
    select x.phone_number_id, x.next_slot_at from private.number_pace x
    where x.phone_number_id in (select m.phone_number_id from public.messages m where m.id = any (v_taken) and m.status = 'queued')
    order by x.phone_number_id for no key update) p;
  v_people := array(
    select c.org_id::text || c.e164 from private.contacts c
    where (c.org_id, c.e164) in (select m.org_id, m.to_number from public.messages m where m.id = any (v_taken) and m.status = 'queued')
    order by c.org_id, c.e164 for no key update skip locked);
  v_targets := array(
    select t.id from public.campaign_targets t
    where t.id in (select m.campaign_target_id from public.messages m where m.id = any (v_taken) and m.status = 'queued')
    order by t.id for no key update skip locked);

  -- 2. Re-check with a fresh snapshot. The clock is read now: waiting for locks must not let a slot slip into the past.
  v_now := coalesce(p_now, clock_timestamp());
  for v_row in
    select m.id, m.kind, m.exempt, m.org_id, m.campaign_id, m.campaign_target_id, m.phone_number_id, m.to_number, m.charged_day,
      q.queue, c.status as campaign_status, c.quiet_hours_override, c.mps as campaign_mps,
      coalesce(c.cooldown_days, o.cooldown_days) as cooldown_days, o.mps as org_mps, op.resting_until as org_resting_until,
      n.status as number_status, n.mps, np.resting_until, (v_now at time zone n.time_zone)::date as number_day,
      (m.queued_at at time zone o.time_zone)::date as charged_org_day, (v_now at time zone o.time_zone)::date as org_day,
      private.number_open_until(n.quiet_starts, n.quiet_ends, n.time_zone, v_now) as number_open_until,
      k.suppressed_at, k.last_sent_at, k.last_campaign_id, k.last_inbound_at, t.window_key,
      m.kind = 'campaign' and (t.message_id is distinct from m.id or t.state <> 'queued') as is_stale,
      array_position(v_number_ids, m.phone_number_id) as number_at,
      array_position(v_campaign_ids, m.campaign_id) as campaign_at,
      array_position(v_org_ids, m.org_id) as org_at
    from unnest(v_taken, v_queues) with ordinality as q(message_id, queue, n)
    join public.messages m on m.id = q.message_id and m.status = 'queued'
    join public.orgs o on o.id = m.org_id
    join private.org_pace op on op.org_id = m.org_id
    join private.contacts k on k.org_id = m.org_id and k.e164 = m.to_number
    join public.phone_numbers n on n.id = m.phone_number_id
    join private.number_pace np on np.phone_number_id = n.id
    left join public.campaigns c on c.id = m.campaign_id and m.kind = 'campaign'
    left join public.campaign_targets t on t.id = m.campaign_target_id
    where m.org_id::text || m.to_number = any (v_people)
      -- A target that somebody else holds may be about to lose this message: a late receipt cancels the replacement.
      and (m.campaign_target_id is null or m.campaign_target_id = any (v_targets))
    order by q.n
    for no key update of m skip locked
  loop
    -- A queue row may exist twice (rescue errs on that side); the first one decides.
    continue when v_row.id = any (v_seen);
    v_seen := v_seen || v_row.id;
    v_n := v_row.number_at;
    v_c := v_row.campaign_at;
    v_o := v_row.org_at;
    v_verdict := null;
    v_until := null;
    v_seconds := 36000;

    if v_row.is_stale then
      v_verdict := 'stale';
    elsif v_row.kind = 'campaign' and v_row.campaign_status = 'stopped' then
      v_verdict := 'stopped';
    elsif v_row.suppressed_at is not null and v_row.exempt is distinct from 'confirmation' then
      v_verdict := 'suppressed';
    elsif v_row.kind = 'campaign' and v_row.campaign_status <> 'running' then
      v_verdict := 'paused';
    elsif v_row.number_status <> 'active' and (v_row.kind = 'campaign' or v_row.number_status = 'released') then
      v_verdict := 'number_inactive';
    elsif greatest(v_row.resting_until, v_row.org_resting_until) > v_now then
      v_verdict := 'resting';
      v_until := greatest(v_row.resting_until, v_row.org_resting_until);
    elsif v_row.kind = 'campaign' and (v_row.charged_day, v_row.charged_org_day) is distinct from (v_row.number_day, v_row.org_day) then
      v_verdict := 'new_day';
    elsif v_row.kind = 'campaign' and v_row.last_campaign_id is distinct from v_row.campaign_id
      and v_row.last_sent_at > v_now - make_interval(days => v_row.cooldown_days) then
      v_verdict := 'recently_contacted';
    elsif v_row.exempt = 'confirmation' or (v_row.kind <> 'campaign' and v_row.last_inbound_at > v_now - interval '24 hours') then
      null;
    elsif v_row.kind = 'campaign' and v_row.quiet_hours_override and p_twilio_is_loopback then
      null;
    else
      if v_row.quiet_hours_override then
        v_refused_override := v_row.campaign_id;
      end if;
      v_window := case when v_row.window_key is null then private.person_window(v_row.org_id, v_row.to_number, v_now)
        else private.window_state(v_row.org_id, v_row.window_key, v_now) end;
      if not v_window.is_open or v_window.valid_to < v_now + interval '60 seconds'
        or coalesce(v_row.number_open_until < v_now + interval '60 seconds', true) then
        v_verdict := 'quiet_hours';
        v_until := case when v_window.is_open then v_now + interval '15 minutes' else coalesce(v_window.next_open_at, v_window.valid_to) end;
      elsif v_window.max_per_24h is not null and (
        select count(*) from public.messages x
        where x.org_id = v_row.org_id and x.to_number = v_row.to_number and x.created_at > v_now - interval '24 hours'
          and x.kind = 'campaign' and x.status not in ('queued', 'failed', 'canceled')) >= v_window.max_per_24h then
        v_verdict := 'daily_limit';
        v_until := v_now + interval '1 hour';
      else
        v_seconds := least(36000, floor(extract(epoch from least(v_window.valid_to, v_row.number_open_until) - v_now))::integer);
      end if;
    end if;

    if v_verdict is null then
      v_slot := greatest(v_now, v_number_slots[v_n],
        coalesce(v_campaign_slots[v_c], '-infinity'), coalesce(v_org_slots[v_o], '-infinity'));
      if v_slot > v_now + interval '1 second' then
        v_later := v_later || v_row.id;
        v_later_delay := v_later_delay || least(greatest(floor(extract(epoch from v_slot - v_now))::integer, 1), 60);
        continue;
      end if;
      -- 40 ms are the room a POST has to start in: plain 1/mps spacing breaks the sliding second with ordinary jitter.
      v_number_slots[v_n] := v_slot + make_interval(secs => 1.04 / v_row.mps);
      if v_c is not null then
        v_campaign_slots[v_c] := v_slot + make_interval(secs => 1.04 / v_row.campaign_mps);
      end if;
      if v_o is not null then
        v_org_slots[v_o] := v_slot + make_interval(secs => 1.04 / v_row.org_mps);
      end if;
      v_claimed := v_claimed || v_row.id;
      v_attempts := v_attempts || private.uuid_v7();
      v_slots := v_slots || v_slot;
      v_validity := v_validity || v_seconds;
    elsif v_row.kind <> 'campaign' then
      -- A person's reply waits for its number or the hour; an opt-out or a released number ends it.
      if v_verdict in ('suppressed', 'number_inactive') then
        v_dropped := v_dropped || v_row.id;
        v_dropped_to := v_dropped_to || 'canceled'::public.target_state;
        v_dropped_reason := v_dropped_reason || v_verdict;
        v_dropped_until := v_dropped_until || '-infinity'::timestamptz;
      else
        v_later := v_later || v_row.id;
        v_later_delay := v_later_delay || least(greatest(ceil(extract(epoch from v_until - v_now))::integer, 1), 3600);
      end if;
    else
      v_dropped := v_dropped || v_row.id;
      v_dropped_to := v_dropped_to || case
        when v_verdict = 'stopped' then 'canceled'
        when v_verdict in ('suppressed', 'recently_contacted') then 'excluded'
        else 'waiting' end::public.target_state;
      v_dropped_reason := v_dropped_reason || v_verdict;
      v_dropped_until := v_dropped_until || coalesce(v_until, '-infinity'::timestamptz);
    end if;
  end loop;

  -- Whom somebody else holds (a STOP being handled, another worker) is looked at again in a second.
  v_later := v_later || array(
    select m.id from public.messages m where m.id = any (v_taken) and m.status = 'queued' and m.id <> all (v_seen));
  v_later_delay := v_later_delay || array(select 1 from generate_series(cardinality(v_later_delay) + 1, cardinality(v_later)));

  if cardinality(v_claimed) > 0 then
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
  for v_seconds in select distinct d from unnest(v_later_delay) d loop
    perform private.put_back('replies', array(
      select m.id from unnest(v_later, v_later_delay) as x(id, delay) join public.messages m on m.id = x.id and m.kind <> 'campaign' where x.delay = v_seconds), v_seconds);
    perform private.put_back('sends', array(
      select m.id from unnest(v_later, v_later_delay) as x(id, delay) join public.messages m on m.id = x.id and m.kind = 'campaign' where x.delay = v_seconds), v_seconds);
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
comment on function private.claim_sends(uuid, integer, boolean, timestamptz) is
  'Claims up to p_limit due messages for a worker: locks, re-checks, gives each a slot at most 1 s ahead, writes its attempt. p_now null: the clock, read after the locks. The caller commits before it posts. Definer: the worker may not read or write these tables.';

create function private.drop_claims(p_messages uuid[], p_states public.target_state[], p_reasons text[], p_until timestamptz[], p_now timestamptz default now())
returns void
language plpgsql
set search_path = ''
as $$
begin
  update public.messages m set status = 'canceled', error_message = x.reason, settled_at = p_now, updated_at = p_now
  from unnest(p_messages, p_reasons) as x(id, reason) where m.id = x.id;
  update public.campaign_targets t
  set state = x.state, reason = case when x.state = 'waiting' then null else x.reason end, message_id = null,
      attempts = greatest(t.attempts - 1, 0), not_before = greatest(t.not_before, x.until), updated_at = p_now
  from unnest(p_messages, p_states, p_reasons, p_until) as x(id, state, reason, until)
  join public.messages m on m.id = x.id and m.kind = 'campaign'
  where t.id = m.campaign_target_id and t.message_id = m.id;
  perform private.refund_usage(p_messages);
end;
$$;
comment on function private.drop_claims(uuid[], public.target_state[], text[], timestamptz[], timestamptz) is
  'Cancels messages that failed the re-check: their targets wait again, are excluded or canceled, and the daily caps are refunded.';
