-- Settling: what became of the POSTs of a batch, in one call. Never turns a row that a receipt has advanced into unknown.

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
  'The class of a Twilio error code. By its JSON code alone: HTTP 429 means three different things.';

create function private.retry_delay(p_attempts integer, p_retry_after interval)
returns interval
language sql
volatile
set search_path = ''
as $$
  -- Exponential with full jitter on the upper half: retries of one outage do not come back together.
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
  'What an error code says of the phone: suppresses it (opt_out) or marks it (permanent). The caller holds the contact''s lock.';

create function private.rest_sender(p_org_id uuid, p_phone_number_id uuid, p_code integer, p_now timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
declare
  v_class private.error_classes := private.error_class(p_code);
begin
  if v_class.action = 'rest_account' then
    -- The account's daily limit: rest until the next midnight Pacific, when Twilio's day begins anew.
    update private.org_pace p
    set resting_until = ((p_now at time zone 'America/Los_Angeles')::date + 1)::timestamp at time zone 'America/Los_Angeles',
      resting_reason = 'account_daily_limit'
    where p.org_id = p_org_id;
    perform private.raise_alert(p_org_id, 'account_daily_limit', 'warning',
      'Twilio''s daily message limit of the account is reached. Sending goes on after midnight Pacific.');
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
comment on function private.rest_sender(uuid, uuid, integer, timestamptz) is
  'What an error code stops at the sender: quarantines the number, rests the account or the number.';

create function private.pause_for_error(p_org_id uuid, p_campaign_id uuid, p_code integer, p_now timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
declare
  v_class private.error_classes := private.error_class(p_code);
begin
  -- The caller holds the campaign's lock where there is one, and every contact it will need: withdrawing takes targets.
  if v_class.class not in ('account', 'campaign') or v_class.action = 'rest_account' then
    return;
  end if;
  if p_campaign_id is not null then
    perform private.pause_running(p_campaign_id, format('Twilio error %s: %s', p_code, v_class.note), p_now);
  end if;
  perform private.raise_alert(p_org_id, 'campaign_paused', 'critical',
    format('Twilio error %s: %s. The campaign was paused; mend the cause, then resume it.', p_code, v_class.note), p_campaign_id,
      null, jsonb_build_object('error_code', p_code));
end;
$$;
comment on function private.pause_for_error(uuid, uuid, integer, timestamptz) is
  'Pauses the campaign where an error code is the account''s or the campaign''s problem, with an alert.';

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
    select distinct array_position(array['quarantine_number', 'rest_account', 'rest_number'], e.action) as n, m.org_id,
      m.phone_number_id, r.error_code
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
  -- With what an opt-out cancels elsewhere: taken later, one by one, it could meet a pause that takes the same the other way
  -- round.
  return p_targets || array(
    select x.id from jsonb_to_recordset(p_results) as r(attempt_id uuid, outcome text, error_code integer)
    join public.send_attempts a on a.id = r.attempt_id join public.messages m on m.id = a.message_id
    join public.campaign_targets x on x.org_id = m.org_id and x.e164 = m.to_number and x.state in ('waiting', 'queued')
    where r.outcome = 'rejected' and (private.error_class(r.error_code)).class = 'opt_out');
end;
$$;
comment on function private.lock_refused(jsonb, uuid[], timestamptz) is
  'The part of settling that refusals need before targets are locked: locks campaigns, numbers and people, rests senders and '
  'pauses campaigns as the error codes ask; returns the targets to lock, with those that an opt-out will cancel.';
