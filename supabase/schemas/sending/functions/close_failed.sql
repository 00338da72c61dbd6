create function private.close_failed(
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
  -- The caller holds the locks of campaign (if a retry may follow), contact (if the class requires it), target and message.
  update public.messages m
  set status = p_status, error_code = p_code, error_message = left(p_error_message, 1000), settled_at = p_now, updated_at = p_now
  where m.id = p_message.id;

  perform private.learn_from_error(p_message, p_code, p_now);
  if v_class.class = 'bug' then
    perform private.raise_alert(p_message.org_id, 'message_refused', 'warning',
      format('Twilio refused a message as malformed (%s: %s).', p_code, v_class.note), p_message.campaign_id, null,
      jsonb_build_object('message_id', p_message.id, 'error_code', p_code));
  end if;

  -- An earlier attempt that had been given up was sent after all: nothing is sent again in its place.
  if private.take_back_earlier(p_message, p_now) then
    return p_message.kind = 'campaign' and p_status = 'failed' and p_message.provider_sid is null;
  end if;
  if p_message.kind <> 'campaign' then
    -- A reply that Twilio did not process (too many requests at once) is sent again within seconds; a person must see every other
    -- refusal.
    if p_may_retry and p_message.provider_sid is null and v_class.class = 'transient'
      and v_class.retry_after <= interval '1 minute'
      and (select count(*) from public.send_attempts a where a.message_id = p_message.id) < 3 then
      update public.messages m set status = 'queued', attempt_id = null, error_code = null, error_message = null,
        settled_at = null where m.id = p_message.id;
      perform private.put_back('replies', array[p_message.id], ceil(extract(epoch from v_class.retry_after))::integer);
    elsif v_class.class <> 'opt_out' then
      update public.messages m set needs_attention = format('Not sent. Twilio error %s: %s', p_code, v_class.note)
        where m.id = p_message.id;
    end if;
    return p_message.kind = 'direct' and p_message.provider_sid is null
      and exists (select from public.messages m where m.id = p_message.id and m.status = 'failed');
  end if;
  select * into v_target from public.campaign_targets t where t.id = p_message.campaign_target_id;
  select c.status into v_campaign_status from public.campaigns c where c.id = p_message.campaign_id;
  v_retry := p_may_retry and v_target.attempts < coalesce(v_class.max_attempts, 3)
    and v_class.class in ('transient', 'account', 'campaign', 'sender')
    and not exists (select 1 from private.contacts c where c.org_id = p_message.org_id and c.e164 = p_message.to_number
      and c.suppressed_at is not null);
  -- An account or campaign problem is not the person's fault, and must not cost them an attempt.
  if p_may_retry and v_class.class in ('account', 'campaign') then
    v_retry := true;
  end if;
  update public.campaign_targets t
  set state = case when not v_retry then 'failed' when v_campaign_status = 'stopped' then 'canceled'
    else 'waiting' end::public.target_state,
      delivery = null,
      message_id = case when v_retry then null else t.message_id end,
      reason = case when v_retry then case v_campaign_status when 'stopped' then 'stopped' end else case v_class.class
        when 'opt_out' then 'opted_out' when 'permanent' then 'invalid_phone' else 'error' end end,
      error_code = p_code,
      -- The full queue is that of the number, not of the person: another number may send at once.
      not_before = case when not v_retry then t.not_before when v_class.action = 'rest_number' then p_now
        else p_now + private.retry_delay(t.attempts, v_class.retry_after) end,
      attempts = case when v_retry and v_class.class in ('account', 'campaign') then greatest(t.attempts - 1, 0)
        else t.attempts end,
      -- A message that Twilio gave up, perhaps for a moment only, and that is not sent again by itself: a person may.
      needs_attention = case when not v_retry and (v_class.class in ('bug', 'unknown')
          or (v_class.class = 'transient' and p_status = 'failed' and not v_class.never_handed_to_carrier))
        then format('Twilio error %s: %s', p_code, v_class.note) end,
      updated_at = p_now
  where t.id = p_message.campaign_target_id and t.message_id = p_message.id;
  if not v_retry and v_class.class = 'permanent' then
    perform private.add_next_phones(array[p_message.campaign_target_id], p_now);
  end if;
  if v_retry and v_campaign_status = 'completed' then
    -- Everything had been sent, and then Twilio could not hand this message over: the campaign continues for the target that
    -- waits again.
    perform private.reopen_campaign(p_message.campaign_id);
  end if;
  return p_status = 'failed' and p_message.provider_sid is null;
end;
$$;
comment on function private.close_failed(public.messages, public.message_status, integer, text, boolean, timestamptz) is
  'Ends a message that failed or was undelivered, and does what its error class requires: mark the phone, suppress, retry as a '
  'new message (p_may_retry), raise an alert. Returns true if the daily caps must be refunded, which the caller does last.';
