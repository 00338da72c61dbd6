create function private.apply_receipt(
  p_org_id uuid,
  p_message_id uuid,
  p_attempt_id uuid,
  p_provider_sid text,
  p_status text,
  p_error_code integer default null,
  p_raw jsonb default null,
  p_now timestamptz default now()
)
returns text
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_message public.messages;
  v_attempt public.send_attempts;
  v_rank smallint := private.provider_rank(p_status);
  v_class text := (private.error_class(p_error_code)).class;
  v_campaign public.campaigns;
  v_new public.message_status;
  v_was_unclear boolean;
begin
  -- The signature proves the account, and thus the organisation: an account can't report on another organisation's messages.
  select * into v_message from public.messages m where m.id = p_message_id and m.org_id = p_org_id;
  if not found then
    return 'no_message';
  end if;
  insert into public.message_status_events (org_id, message_id, attempt_id, provider_sid, status, error_code, raw_data,
    created_at)
  values (v_message.org_id, p_message_id, p_attempt_id, p_provider_sid, p_status, p_error_code, private.receipt_details(p_raw),
    p_now)
  on conflict do nothing;
  if not found then
    return 'repeated';
  end if;
  if v_rank < 0 then
    return 'unknown_status';
  end if;

  -- Takes locks in the usual order; locks campaign and contact only if the error requires it.
  if p_status in ('failed', 'undelivered') and v_class in ('account', 'campaign', 'sender', 'transient', 'unknown') then
    perform private.judge_failure(v_message, p_attempt_id, p_error_code, p_now);
  end if;
  if p_status in ('failed', 'undelivered') and v_class in ('opt_out', 'permanent') then
    perform private.lock_contact(v_message.org_id, v_message.to_number);
  end if;
  if v_message.campaign_target_id is not null then
    perform 1 from public.campaign_targets t where t.id = v_message.campaign_target_id for no key update;
  end if;
  select * into v_message from public.messages m where m.id = p_message_id for no key update;
  select * into v_attempt from public.send_attempts a where a.id = p_attempt_id and a.message_id = p_message_id for no key update;
  if p_attempt_id is not null and v_attempt.id is null then
    return 'no_attempt';
  end if;

  -- Evidence that the attempt was accepted, whatever was known before. If its worker has not recorded the text by then and never
  -- does, a look records it (private.record_look).
  if v_attempt.outcome in ('open', 'unknown', 'not_posted', 'not_accepted', 'assumed_sent', 'resent') then
    update public.send_attempts a
    set outcome = 'accepted', provider_sid = coalesce(a.provider_sid, p_provider_sid), settled_at = coalesce(a.settled_at, p_now),
        next_look_at = case when v_message.segments is null then p_now + interval '2 minutes' end
    where a.id = v_attempt.id;
    if v_attempt.outcome in ('unknown', 'not_accepted', 'resent') and v_message.segments is not null
      and v_message.campaign_id is not null then
      -- It was posted without an answer: its segments count from the moment when Twilio shows that it accepted them.
      insert into private.campaign_deltas (org_id, campaign_id, segments) values (v_message.org_id, v_message.campaign_id,
        v_message.segments);
    end if;
  end if;

  -- The receipt is about an earlier attempt, and the same message was sent again since: it says nothing about the newer attempt.
  if v_attempt.id <> v_message.attempt_id and v_message.status in ('sending', 'unknown', 'sent', 'delivered', 'undelivered') then
    if p_status in ('failed', 'undelivered', 'canceled') then
      return 'superseded';
    end if;
    update public.messages m set needs_attention =
      'Twilio sent this message twice: by an attempt that had been given up, and by its replacement.', updated_at = p_now
    where m.id = p_message_id;
    perform private.raise_double_send(v_message, v_message.id);
    return 'double_send';
  end if;

  if v_rank <= v_message.provider_rank then
    return 'superseded';
  end if;

  if (v_attempt.outcome in ('not_accepted', 'not_posted', 'resent') or v_attempt.id is distinct from v_message.attempt_id)
    and v_message.status in ('failed', 'canceled', 'queued') and p_status not in ('failed', 'undelivered', 'canceled') then
    return private.apply_late_success(v_message, v_attempt, p_provider_sid, p_status, v_rank, p_now);
  end if;
  if v_message.status in ('failed', 'undelivered', 'delivered', 'canceled') then
    update public.messages m set provider_status = p_status, provider_rank = v_rank,
      provider_sid = coalesce(m.provider_sid, p_provider_sid)
    where m.id = p_message_id;
    return 'after_the_end';
  end if;

  v_was_unclear := v_message.status = 'unknown' and v_message.needs_attention is not null;
  v_new := case p_status when 'delivered' then 'delivered' when 'read' then 'delivered' when 'undelivered' then 'undelivered'
    when 'failed' then 'failed' when 'canceled' then 'canceled' else 'sent' end;
  update public.messages m
  set provider_status = p_status, provider_rank = v_rank, provider_sid = coalesce(m.provider_sid, p_provider_sid),
      status = v_new, sent_at = coalesce(m.sent_at, p_now), updated_at = p_now,
      needs_attention = case when m.status <> 'unknown' then m.needs_attention end
  where m.id = p_message_id
  returning * into v_message;
  if v_was_unclear then
    perform private.resolve_send_alerts(v_message.org_id, v_message.campaign_id, p_now);
  end if;

  if v_new in ('failed', 'undelivered', 'canceled') then
    select * into v_campaign from public.campaigns c where c.id = v_message.campaign_id;
    if v_message.kind = 'campaign' then
      update public.campaign_targets t
      set state = 'sent', delivery = 'undelivered', error_code = p_error_code, sent_at = coalesce(t.sent_at, p_now),
        updated_at = p_now
      where t.id = v_message.campaign_target_id and t.message_id = v_message.id and v_new = 'undelivered';
    end if;
    -- After acceptance, only a message that was certainly never handed to a carrier is retried, as a new message; also 30003,
    -- 30008 and 30500 if the campaign asks for it.
    if v_new <> 'undelivered' or (private.error_class(p_error_code)).never_handed_to_carrier
      or (p_error_code in (30003, 30008, 30500) and v_campaign.retry_undelivered) then
      if private.close_failed(v_message, v_new, p_error_code, null,
        (private.error_class(p_error_code)).never_handed_to_carrier
          or (p_error_code in (30003, 30008, 30500) and v_campaign.retry_undelivered), p_now) then
        perform private.refund_usage(array[p_message_id]);
      end if;
    else
      perform private.mark_undelivered(v_message, p_error_code, p_now);
      perform private.take_back_earlier(v_message, p_now);
    end if;
  elsif v_message.kind = 'campaign' then
    update public.campaign_targets t
    set state = 'sent', delivery = case when v_new = 'delivered' then 'delivered' else coalesce(t.delivery, 'unconfirmed') end,
        sent_at = coalesce(t.sent_at, p_now), needs_attention = null, error_code = null, updated_at = p_now
    where t.id = v_message.campaign_target_id and t.message_id = v_message.id
      and (t.state in ('sending', 'unknown') or (t.state = 'sent' and v_new = 'delivered'));
  end if;
  return 'applied';
end;
$$;
comment on function private.apply_receipt(uuid, uuid, uuid, text, text, integer, jsonb, timestamptz) is
  'Applies one delivery receipt to a message of an organisation. Returns applied; repeated (the same receipt came before); '
  'superseded (a higher status or a newer attempt counts); after_the_end (the message has ended); late_success or double_send '
  '(see private.apply_late_success); no_message; no_attempt; or unknown_status. Security definer: the worker may not write these '
  'tables.';
grant execute on function private.apply_receipt(uuid, uuid, uuid, text, text, integer, jsonb, timestamptz) to worker;
