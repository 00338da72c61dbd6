-- Settling, with what only refusals need in a function of its own, and targets found by their id: by message_id, which has no index,
-- a batch read as many pages as the campaign has active targets.

create or replace function private.close_failed(
  p_message public.messages,
  p_status public.message_status,
  p_code integer,
  p_error_message text,
  p_may_retry boolean,
  p_now timestamptz
)
returns boolean
language plpgsql
set search_path = ''
as $$
declare
  v_class private.error_classes := private.error_class(p_code);
  v_target public.campaign_targets;
  v_campaign_status public.campaign_status;
  v_retry boolean;
begin
  -- The caller holds campaign (where a retry may follow), contact (where the class asks for it), target and message.
  update public.messages m
  set status = p_status, error_code = p_code, error_message = left(p_error_message, 1000), settled_at = p_now, updated_at = p_now
  where m.id = p_message.id;

  perform private.learn_from_error(p_message, p_code, p_now);
  if v_class.class = 'bug' then
    perform private.raise_alert(p_message.org_id, 'message_refused', 'warning',
      format('Twilio refused a message as malformed (%s: %s).', p_code, v_class.note), p_message.campaign_id, null,
      jsonb_build_object('message_id', p_message.id, 'error_code', p_code));
  end if;

  if p_message.kind <> 'campaign' then
    -- A reply that Twilio never looked at (too many requests at once) is sent again within seconds; any other refusal is a person's to see.
    if p_may_retry and p_message.provider_sid is null and v_class.class = 'transient' and v_class.retry_after <= interval '1 minute'
      and (select count(*) from public.send_attempts a where a.message_id = p_message.id) < 3 then
      update public.messages m set status = 'queued', attempt_id = null, settled_at = null where m.id = p_message.id;
      perform private.put_back('replies', array[p_message.id], ceil(extract(epoch from v_class.retry_after))::integer);
    elsif v_class.class <> 'opt_out' then
      update public.messages m set needs_attention = format('Not sent. Twilio error %s: %s', p_code, v_class.note) where m.id = p_message.id;
    end if;
    return false;
  end if;
  select * into v_target from public.campaign_targets t where t.id = p_message.campaign_target_id;
  select c.status into v_campaign_status from public.campaigns c where c.id = p_message.campaign_id;
  v_retry := p_may_retry and v_target.attempts < coalesce(v_class.max_attempts, 3)
    and v_class.class in ('transient', 'account', 'campaign', 'sender')
    and not exists (select 1 from private.contacts c where c.org_id = p_message.org_id and c.e164 = p_message.to_number and c.suppressed_at is not null);
  -- An account or campaign problem is nobody's fault but ours: it costs the person no attempt.
  if p_may_retry and v_class.class in ('account', 'campaign') then
    v_retry := true;
  end if;
  update public.campaign_targets t
  set state = case when not v_retry then 'failed' when v_campaign_status = 'stopped' then 'canceled' else 'waiting' end::public.target_state,
      delivery = null,
      message_id = case when v_retry then null else t.message_id end,
      reason = case when v_retry then case v_campaign_status when 'stopped' then 'stopped' end else case v_class.class when 'opt_out' then 'opted_out' when 'permanent' then 'invalid_phone' else 'error' end end,
      error_code = p_code,
      -- A full queue is its number's, not the person's: another number may send at once.
      not_before = case when not v_retry then t.not_before when v_class.action = 'rest_number' then p_now
        else p_now + private.retry_delay(t.attempts, v_class.retry_after) end,
      attempts = case when v_retry and v_class.class in ('account', 'campaign') then greatest(t.attempts - 1, 0) else t.attempts end,
      needs_attention = case when not v_retry and v_class.class in ('bug', 'unknown') then format('Twilio error %s: %s', p_code, v_class.note) end,
      updated_at = p_now
  where t.id = p_message.campaign_target_id and t.message_id = p_message.id;
  if v_retry and v_campaign_status = 'completed' then
    -- Everything was sent, and then Twilio could not hand this one over: the campaign goes on for whoever waits again.
    update public.campaigns c set status = 'running', finished_at = null where c.id = p_message.campaign_id;
  end if;
  return p_status = 'failed' and p_message.provider_sid is null;
end;
$$;

create function private.lock_refused(p_results jsonb, p_targets uuid[], p_now timestamptz)
returns uuid[]
language plpgsql
set search_path = ''
as $$
declare
  v_row record;
begin
  -- In the one order: campaigns, numbers, people, and only then what pausing withdraws (targets, messages).
  perform 1 from public.campaigns c
  where c.id in (
    select m.campaign_id from jsonb_to_recordset(p_results) as r(attempt_id uuid, outcome text, error_code integer)
    join public.send_attempts a on a.id = r.attempt_id
    join public.messages m on m.id = a.message_id
    where r.outcome = 'rejected' and (private.error_class(r.error_code)).class in ('account', 'campaign'))
  order by c.id for no key update;
  -- Numbers as claiming locks them: the numbers themselves, then the organisations' clocks, then the numbers'.
  for v_row in
    select distinct array_position(array['quarantine_number', 'rest_account', 'rest_number'], e.action) as n, m.org_id, m.phone_number_id, r.error_code
    from jsonb_to_recordset(p_results) as r(attempt_id uuid, outcome text, error_code integer)
    join public.send_attempts a on a.id = r.attempt_id and a.outcome = 'open'
    join public.messages m on m.id = a.message_id
    cross join lateral private.error_class(r.error_code) e
    where r.outcome = 'rejected' and e.action in ('quarantine_number', 'rest_account', 'rest_number')
    order by n, m.org_id, m.phone_number_id, r.error_code
  loop
    perform private.rest_sender(v_row.org_id, v_row.phone_number_id, v_row.error_code, p_now);
  end loop;

  perform 1 from private.contacts c
  where (c.org_id, c.e164) in (
    select m.org_id, m.to_number from jsonb_to_recordset(p_results) as r(attempt_id uuid, outcome text, error_code integer)
    join public.send_attempts a on a.id = r.attempt_id
    join public.messages m on m.id = a.message_id
    where r.outcome = 'rejected')
  order by c.org_id, c.e164 for no key update;
  for v_row in
    select distinct m.org_id, m.campaign_id, r.error_code
    from jsonb_to_recordset(p_results) as r(attempt_id uuid, outcome text, error_code integer)
    join public.send_attempts a on a.id = r.attempt_id and a.outcome = 'open'
    join public.messages m on m.id = a.message_id
    where r.outcome = 'rejected'
    order by m.campaign_id, r.error_code
  loop
    perform private.pause_for_error(v_row.org_id, v_row.campaign_id, v_row.error_code, p_now);
  end loop;
  -- With what an opt-out cancels elsewhere: taken later, one by one, it could meet a pause that takes the same the other way round.
  return p_targets || array(
    select x.id from jsonb_to_recordset(p_results) as r(attempt_id uuid, outcome text, error_code integer)
    join public.send_attempts a on a.id = r.attempt_id join public.messages m on m.id = a.message_id
    join public.campaign_targets x on x.org_id = m.org_id and x.e164 = m.to_number and x.state in ('waiting', 'queued')
    where r.outcome = 'rejected' and (private.error_class(r.error_code)).class = 'opt_out');
end;
$$;
comment on function private.lock_refused(jsonb, uuid[], timestamptz) is
  'The part of settling that refusals need before targets are locked: locks campaigns, numbers and people, rests senders and pauses campaigns as the error codes ask; returns the targets to lock, with those that an opt-out will cancel.';

create or replace function private.settle_sends(p_results jsonb, p_now timestamptz default now())
returns integer
language plpgsql
security definer
set search_path = ''
set plan_cache_mode = force_generic_plan
as $$
declare
  v_row record;
  v_message public.messages;
  v_settled integer;
  v_given_back uuid[];
  v_given_back_replies uuid[];
  v_oversize uuid[] := '{}';
  v_refunds uuid[] := '{}';
  v_attempts uuid[];
  v_messages uuid[];
  v_targets uuid[];
  v_has_refusals boolean;
begin
  -- Read once: which messages and targets, and whether anything was refused. Most batches have nothing but acceptances.
  select array_agg(r.attempt_id), bool_or(r.outcome in ('rejected', 'oversize')) into v_attempts, v_has_refusals
  from jsonb_to_recordset(p_results) as r(attempt_id uuid, outcome text);
  select array_agg(m.id), array_agg(m.campaign_target_id) filter (where m.campaign_target_id is not null) into v_messages, v_targets
  from public.send_attempts a join public.messages m on m.id = a.message_id where a.id = any (v_attempts);
  if v_has_refusals then
    v_targets := private.lock_refused(p_results, v_targets, p_now);
  end if;
  perform 1 from public.campaign_targets t where t.id = any (v_targets) order by t.id for no key update;
  perform 1 from public.messages m where m.id = any (v_messages) order by m.id for no key update;

  -- The attempts, once: a result that comes twice changes nothing the second time.
  with r as (
    select * from jsonb_to_recordset(p_results) as x(
      attempt_id uuid, outcome text, provider_sid text, provider_status text, http_status smallint, error_code integer,
      error_message text, content text, segments smallint)
  ),
  settled as (
    update public.send_attempts a
    set outcome = case r.outcome when 'oversize' then 'not_posted' else r.outcome end,
        settled_at = coalesce(a.settled_at, p_now), provider_sid = coalesce(a.provider_sid, r.provider_sid), http_status = r.http_status,
        error_code = r.error_code, error_message = left(r.error_message, 1000),
        next_look_at = case when r.outcome = 'unknown' then p_now + interval '2 minutes' end
    from r
    where a.id = r.attempt_id and (
      a.outcome = 'open'
      -- A receipt came before the POST's answer, or rescue took the worker for dead: the answer still has the text and the SID.
      or (r.outcome = 'accepted' and a.outcome in ('accepted', 'unknown') and a.http_status is null))
    returning a.id, a.message_id, r.outcome, r.provider_sid, r.provider_status, r.content, r.segments
  ),
  sent as (
    update public.messages m
    set status = case when m.status in ('sending', 'unknown') then 'sent' else m.status end,
        provider_sid = coalesce(m.provider_sid, s.provider_sid),
        provider_status = case when m.provider_rank < 0 then s.provider_status else m.provider_status end,
        provider_rank = greatest(m.provider_rank, 0),
        content = s.content, segments = s.segments, sent_at = coalesce(m.sent_at, p_now), updated_at = p_now,
        -- As the trigger would, one by one.
        cost = coalesce(m.cost, (select s.segments * (l.segment_price + l.carrier_fee) from public.sending_limits l where l.org_id = m.org_id))
    from settled s
    where m.id = s.message_id and m.attempt_id = s.id and s.outcome = 'accepted' and m.status not in ('canceled')
    returning m.id, m.campaign_target_id, m.campaign_id, m.org_id, m.segments
  ),
  texts as (
    -- Accepted by a receipt while the POST itself got no answer.
    update public.messages m set content = r.content, segments = r.segments
    from r join public.send_attempts a on a.id = r.attempt_id
    where m.id = a.message_id and m.attempt_id = a.id and r.outcome = 'unknown' and a.outcome = 'accepted' and m.content is null
    returning m.campaign_id, m.org_id, m.segments
  ),
  unknown as (
    update public.messages m set status = 'unknown', content = coalesce(s.content, m.content), segments = s.segments, updated_at = p_now
    from settled s
    where m.id = s.message_id and m.attempt_id = s.id and s.outcome = 'unknown' and m.status = 'sending'
    returning m.id, m.campaign_target_id
  ),
  given_back as (
    update public.messages m set status = 'queued', attempt_id = null, updated_at = p_now
    from settled s
    where m.id = s.message_id and m.attempt_id = s.id and s.outcome = 'not_posted' and m.status = 'sending'
    returning m.id, m.campaign_target_id, m.kind
  ),
  targets as (
    update public.campaign_targets t
    set state = x.state, delivery = case when x.state = 'sent' then 'unconfirmed' end,
        sent_at = case when x.state = 'sent' then p_now else t.sent_at end, error_code = null, updated_at = p_now
    from (
      -- By the target's own id: message_id has no index, and needs none.
      select id, campaign_target_id, 'sent'::public.target_state as state from sent
      union all select id, campaign_target_id, 'unknown' from unknown
      union all select id, campaign_target_id, 'queued' from given_back
    ) x
    where t.id = x.campaign_target_id and t.message_id = x.id and t.state in ('sending', 'unknown')
    returning t.id
  ),
  figures as (
    insert into private.campaign_deltas (org_id, campaign_id, segments)
    select s.org_id, s.campaign_id, sum(s.segments)
    from (select org_id, campaign_id, segments from sent union all select org_id, campaign_id, segments from texts) s
    where s.campaign_id is not null group by 1, 2
  )
  select (select count(*) from settled),
    array(select g.id from given_back g where g.kind = 'campaign'), array(select g.id from given_back g where g.kind <> 'campaign')
  into v_settled, v_given_back, v_given_back_replies;

  perform private.put_back('sends', v_given_back, 1);
  perform private.put_back('replies', v_given_back_replies, 1);
  if not v_has_refusals then
    return v_settled;
  end if;

  for v_row in
    select m.id as message_id, r.outcome, r.error_code, r.error_message, r.segments
    from jsonb_to_recordset(p_results) as r(attempt_id uuid, outcome text, error_code integer, error_message text, segments smallint)
    join public.send_attempts a on a.id = r.attempt_id
    join public.messages m on m.id = a.message_id and m.attempt_id = a.id
    where r.outcome in ('rejected', 'oversize') and m.status = 'sending'
    order by m.campaign_id, m.id
  loop
    select * into v_message from public.messages m where m.id = v_row.message_id;
    if v_row.outcome = 'oversize' then
      update public.campaign_targets t set min_segments = v_row.segments
      where t.message_id = v_message.id and v_row.segments > v_message.charged_segments;
      v_oversize := v_oversize || v_message.id;
    elsif private.close_failed(v_message, 'failed', v_row.error_code, v_row.error_message, true, p_now) then
      v_refunds := v_refunds || v_message.id;
    end if;
  end loop;
  -- Once for all, and last: whoever holds a cap waits for nothing.
  perform private.lock_usage(v_oversize || v_refunds);
  perform private.refund_usage(v_refunds);
  perform private.drop_claims(v_oversize, array(select 'waiting'::public.target_state from unnest(v_oversize)),
    array(select 'longer_than_charged' from unnest(v_oversize)), array(select '-infinity'::timestamptz from unnest(v_oversize)), p_now);
  return v_settled;
end;
$$;
