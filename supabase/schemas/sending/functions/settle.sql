-- Settling: records the outcomes of a batch of POSTs, in one call. It never sets a message to unknown that a receipt has already
-- advanced.

create function private.error_class(p_code integer)
returns private.error_classes
language sql
stable
set search_path = ''
as $$
  select coalesce(
    (select e from private.error_classes e where e.code = p_code),
    (p_code, 'unknown', 'fail', null, 1, false, 'not in the table')::private.error_classes);
$$;
comment on function private.error_class(integer) is
  'The class of a Twilio error code. Only the JSON code counts: HTTP 429 means three different things.';

create function private.retry_delay(p_attempts integer, p_retry_after interval)
returns interval
language sql
volatile
set search_path = ''
as $$
  -- Exponential, with jitter over the upper half, so that retries after an outage do not come all at once.
  select coalesce(p_retry_after, interval '30 seconds') * power(2, least(greatest(p_attempts - 1, 0), 6)) * (0.5 + random() / 2);
$$;
comment on function private.retry_delay(integer, interval) is 'How long a target waits before attempt p_attempts + 1.';

create function private.learn_from_error(p_message public.messages, p_code integer, p_now timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
declare
  v_class private.error_classes := private.error_class(p_code);
begin
  if v_class.class = 'opt_out' then
    perform private.suppress(p_message.org_id, p_message.to_number, 'carrier', 'Twilio ' || p_code || ': ' || v_class.note,
      p_message.campaign_id, false, null, p_now);
  elsif v_class.class = 'permanent' then
    update private.contacts c set invalid_at = p_now, invalid_reason = 'twilio_' || p_code
    where c.org_id = p_message.org_id and c.e164 = p_message.to_number and c.invalid_at is null;
    update public.lead_phones lp
    set is_valid = false, invalid_reason = 'twilio_' || p_code,
        line_type = case when v_class.action = 'mark_landline' and lp.line_type_source is distinct from 'manual' then 'landline'
          else lp.line_type end,
        line_type_source = case when v_class.action = 'mark_landline' and lp.line_type_source is distinct from 'manual'
          then 'lookup' else lp.line_type_source end
    where lp.org_id = p_message.org_id and lp.e164 = p_message.to_number and lp.is_valid;
  end if;
end;
$$;
comment on function private.learn_from_error(public.messages, integer, timestamptz) is
  'Applies an error code to the phone: suppresses it (opt_out) or marks it (permanent). The caller holds the contact''s lock.';

create function private.rest_sender(p_org_id uuid, p_phone_number_id uuid, p_code integer, p_e164 text,
  p_claimed_at timestamptz, p_now timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
declare
  v_class private.error_classes := private.error_class(p_code);
begin
  if v_class.action = 'rest_account' then
    -- The account's daily limit: it rests until the next midnight Pacific, when Twilio's day begins anew.
    update private.org_pace p
    set resting_until = ((p_now at time zone 'America/Los_Angeles')::date + 1)::timestamp at time zone 'America/Los_Angeles',
      resting_reason = 'account_daily_limit'
    where p.org_id = p_org_id;
    perform private.raise_alert(p_org_id, 'account_daily_limit', 'warning',
      'Twilio''s daily message limit of the account is reached. Sending continues after midnight Pacific.');
  elsif v_class.action = 'hold_region' then
    perform private.block_region(p_org_id, p_e164, p_code, p_claimed_at, p_now);
  elsif v_class.action = 'rest_number' then
    update private.number_pace p set resting_until = greatest(p.resting_until,
      p_now + coalesce(v_class.retry_after, interval '1 hour')), resting_reason = 'queue_full'
    where p.phone_number_id = p_phone_number_id;
    perform private.raise_alert(p_org_id, 'number_queue_full', 'warning',
      'A number''s queue at Twilio is full; the number rests.', null, p_phone_number_id);
  elsif v_class.class = 'sender' and v_class.action = 'quarantine_number' then
    update public.phone_numbers n set status = 'quarantined', status_reason = format('Twilio error %s: %s', p_code, v_class.note)
    where n.id = p_phone_number_id and n.status = 'active';
    perform private.raise_alert(p_org_id, 'number_quarantined', 'critical',
      format('A number was quarantined: Twilio error %s, %s.', p_code, v_class.note), null, p_phone_number_id);
  end if;
end;
$$;
comment on function private.rest_sender(uuid, uuid, integer, text, timestamptz, timestamptz) is
  'Applies an error code to the sender: quarantines the number, or lets the account, the number, or everybody in the region of '
  'p_e164 rest. p_e164 and p_claimed_at: the phone and the claim of the attempt, for errors about a region.';

create function private.pause_for_error(p_org_id uuid, p_campaign_id uuid, p_code integer, p_now timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
declare
  v_class private.error_classes := private.error_class(p_code);
begin
  -- The caller holds the campaign's lock if there is a campaign, and the locks of all contacts it will need: withdrawing locks
  -- targets.
  if v_class.class not in ('account', 'campaign') or v_class.action in ('rest_account', 'hold_region') then
    return;
  end if;
  if p_campaign_id is not null then
    perform private.pause_running(p_campaign_id, format('Twilio error %s: %s', p_code, v_class.note), p_now);
  end if;
  perform private.raise_alert(p_org_id, 'campaign_paused', 'critical',
    format('Twilio error %s: %s. The campaign was paused; fix the cause, then resume it.', p_code, v_class.note), p_campaign_id,
      null, jsonb_build_object('error_code', p_code));
end;
$$;
comment on function private.pause_for_error(uuid, uuid, integer, timestamptz) is
  'Pauses the campaign, with an alert, if an error code is a problem of the account or the campaign.';

create function private.was_resumed_since(p_campaign_id uuid, p_claimed_at timestamptz)
returns boolean
language sql
stable
set search_path = ''
as $$
  select exists (select from public.campaigns c where c.id = p_campaign_id and c.breaker_since > p_claimed_at);
$$;
comment on function private.was_resumed_since(uuid, timestamptz) is
  'Whether a person resumed the campaign after this attempt was claimed. The attempt''s error then says nothing about now: the '
  'person may have mended its cause, so it must not pause the campaign again.';

create function private.judge_failure(p_message public.messages, p_attempt_id uuid, p_code integer, p_now timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
declare
  v_claimed_at timestamptz := coalesce((select a.claimed_at from public.send_attempts a where a.id = p_attempt_id), p_now);
begin
  perform 1 from public.campaigns c where c.id = p_message.campaign_id for no key update;
  perform private.rest_sender(
    p_message.org_id, p_message.phone_number_id, p_code, p_message.to_number, v_claimed_at, p_now);
  if not private.was_resumed_since(p_message.campaign_id, v_claimed_at) then
    perform private.pause_for_error(p_message.org_id, p_message.campaign_id, p_code, p_now);
    perform private.count_unknown_errors(p_message.org_id, p_message.campaign_id, p_code, 1, false, p_now);
  end if;
end;
$$;
comment on function private.judge_failure(public.messages, uuid, integer, timestamptz) is
  'Applies the error of a receipt (failed, undelivered) to sender and campaign. Locks the campaign first.';

create function private.lock_refused(p_results jsonb, p_targets uuid[], p_now timestamptz)
returns uuid[]
language plpgsql
set search_path = ''
as $$
declare
  v_row record;
begin
  -- In the usual order: campaigns, numbers, contacts, and only then what pausing withdraws (targets, messages).
  perform 1 from public.campaigns c
  where c.id in (
    select m.campaign_id from jsonb_to_recordset(p_results) as r(attempt_id uuid, outcome text, error_code integer)
    join public.send_attempts a on a.id = r.attempt_id
    join public.messages m on m.id = a.message_id
    where r.outcome = 'rejected' and (private.error_class(r.error_code)).class in ('account', 'campaign', 'unknown'))
  order by c.id for no key update;
  -- Numbers in the order in which claiming locks them: the numbers themselves, then the clocks of organisations, then those of
  -- numbers.
  for v_row in
    select distinct array_position(array['quarantine_number', 'rest_account', 'hold_region', 'rest_number'], e.action) as n,
      m.org_id, m.phone_number_id, r.error_code, x.e164, x.claimed_at
    from jsonb_to_recordset(p_results) as r(attempt_id uuid, outcome text, error_code integer)
    join public.send_attempts a on a.id = r.attempt_id and a.outcome = 'open'
    join public.messages m on m.id = a.message_id
    cross join lateral private.error_class(r.error_code) e
    left join lateral (select m.to_number as e164, a.claimed_at) x on e.action = 'hold_region'
    where r.outcome = 'rejected' and e.action in ('quarantine_number', 'rest_account', 'hold_region', 'rest_number')
    order by n, m.org_id, m.phone_number_id, r.error_code, x.e164, x.claimed_at
  loop
    perform private.rest_sender(v_row.org_id, v_row.phone_number_id, v_row.error_code, v_row.e164, v_row.claimed_at, p_now);
  end loop;

  perform 1 from private.contacts c
  where (c.org_id, c.e164) in (
    select m.org_id, m.to_number from jsonb_to_recordset(p_results) as r(attempt_id uuid, outcome text, error_code integer)
    join public.send_attempts a on a.id = r.attempt_id
    join public.messages m on m.id = a.message_id
    where r.outcome = 'rejected')
  order by c.org_id, c.e164 for no key update;
  for v_row in
    select m.org_id, m.campaign_id, r.error_code, count(*)::integer as n
    from jsonb_to_recordset(p_results) as r(attempt_id uuid, outcome text, error_code integer)
    join public.send_attempts a on a.id = r.attempt_id and a.outcome = 'open'
    join public.messages m on m.id = a.message_id
    where r.outcome = 'rejected' and not private.was_resumed_since(m.campaign_id, a.claimed_at)
    group by 1, 2, 3 order by m.campaign_id, r.error_code
  loop
    perform private.pause_for_error(v_row.org_id, v_row.campaign_id, v_row.error_code, p_now);
    perform private.count_unknown_errors(v_row.org_id, v_row.campaign_id, v_row.error_code, v_row.n, true, p_now);
  end loop;
  -- Includes the targets that an opt-out cancels in other campaigns: locked later, one by one, they could deadlock with a pause
  -- that locks them in another order.
  return p_targets || array(
    select x.id from jsonb_to_recordset(p_results) as r(attempt_id uuid, outcome text, error_code integer)
    join public.send_attempts a on a.id = r.attempt_id join public.messages m on m.id = a.message_id
    join public.campaign_targets x on x.org_id = m.org_id and x.e164 = m.to_number and x.state in ('waiting', 'queued')
    where r.outcome = 'rejected' and (private.error_class(r.error_code)).class = 'opt_out');
end;
$$;
comment on function private.lock_refused(jsonb, uuid[], timestamptz) is
  'The part of settling that refusals need before targets are locked: locks campaigns, numbers and contacts, and lets senders '
  'rest and pauses campaigns as the error codes require. Returns the targets to lock, including those that an opt-out will '
  'cancel.';
