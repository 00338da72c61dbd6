-- Delivery receipts: Twilio's status callbacks, applied by rank, so that order, repeats and lateness do not matter.
-- A receipt names our message and attempt (?mid=…&a=…), so it may come before the POST's own answer.

create function private.provider_rank(p_status text)
returns smallint
language sql
immutable
set search_path = ''
as $$
  select case p_status
    when 'accepted' then 0 when 'scheduled' then 0 when 'queued' then 1 when 'sending' then 2 when 'sent' then 3
    when 'failed' then 4 when 'undelivered' then 4 when 'delivered' then 4 when 'canceled' then 4 when 'read' then 5
    else -1 end::smallint;
$$;
comment on function private.provider_rank(text) is
  'Rank of a Twilio message status; a lower one never replaces a higher one, nor one final status another. -1: not a status we know.';

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
begin
  -- The signature proves the account, and with it the organisation: nobody reports on another's messages.
  select * into v_message from public.messages m where m.id = p_message_id and m.org_id = p_org_id;
  if not found then
    return 'no_message';
  end if;
  insert into public.message_status_events (org_id, message_id, attempt_id, provider_sid, status, error_code, raw_data, created_at)
  values (v_message.org_id, p_message_id, p_attempt_id, p_provider_sid, p_status, p_error_code, p_raw, p_now)
  on conflict do nothing;
  if not found then
    return 'repeated';
  end if;
  if v_rank < 0 then
    return 'unknown_status';
  end if;

  -- Locks in the one order; campaign and contact only where the error asks for it.
  if p_status in ('failed', 'undelivered') and v_class in ('account', 'campaign', 'sender', 'transient') then
    perform 1 from public.campaigns c where c.id = v_message.campaign_id for no key update;
    perform private.rest_sender(v_message.org_id, v_message.phone_number_id, p_error_code, p_now);
    perform private.pause_for_error(v_message.org_id, v_message.campaign_id, p_error_code, p_now);
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

  -- Evidence that the attempt was accepted, whatever we believed of it.
  if v_attempt.id is not null and v_attempt.outcome in ('open', 'unknown', 'not_posted', 'not_accepted') then
    update public.send_attempts a
    set outcome = 'accepted', provider_sid = coalesce(a.provider_sid, p_provider_sid), settled_at = coalesce(a.settled_at, p_now), next_look_at = null
    where a.id = v_attempt.id;
  end if;

  if v_rank <= v_message.provider_rank then
    return 'superseded';
  end if;

  if (v_attempt.outcome in ('not_accepted', 'not_posted') or v_attempt.id is distinct from v_message.attempt_id)
    and v_message.status in ('failed', 'canceled', 'queued') and p_status not in ('failed', 'undelivered', 'canceled') then
    return private.apply_late_success(v_message, p_provider_sid, p_status, v_rank, p_now);
  end if;
  if v_message.status in ('failed', 'undelivered', 'delivered', 'canceled') then
    update public.messages m set provider_status = p_status, provider_rank = v_rank, provider_sid = coalesce(m.provider_sid, p_provider_sid)
    where m.id = p_message_id;
    return 'after_the_end';
  end if;

  if v_message.status = 'unknown' and v_message.segments is not null and v_message.campaign_id is not null then
    -- Posted without an answer: its segments count from when Twilio shows that it took them.
    insert into private.campaign_deltas (org_id, campaign_id, segments) values (v_message.org_id, v_message.campaign_id, v_message.segments);
  end if;
  v_new := case p_status when 'delivered' then 'delivered' when 'read' then 'delivered' when 'undelivered' then 'undelivered'
    when 'failed' then 'failed' when 'canceled' then 'canceled' else 'sent' end;
  update public.messages m
  set provider_status = p_status, provider_rank = v_rank, provider_sid = coalesce(m.provider_sid, p_provider_sid),
      status = v_new, sent_at = coalesce(m.sent_at, p_now), updated_at = p_now
  where m.id = p_message_id
  returning * into v_message;

  if v_new in ('failed', 'undelivered', 'canceled') then
    select * into v_campaign from public.campaigns c where c.id = v_message.campaign_id;
    if v_message.kind = 'campaign' then
      update public.campaign_targets t
      set state = 'sent', delivery = 'undelivered', error_code = p_error_code, sent_at = coalesce(t.sent_at, p_now), updated_at = p_now
      where t.id = v_message.campaign_target_id and t.message_id = v_message.id and v_new = 'undelivered';
    end if;
    -- After acceptance only what was surely never handed to a carrier is retried, as a new message; 30003 and 30008 if the campaign asks.
    if v_new <> 'undelivered' or (private.error_class(p_error_code)).never_handed_to_carrier
      or (p_error_code in (30003, 30008) and v_campaign.retry_undelivered) then
      if private.close_failed(v_message, v_new, p_error_code, null,
        (private.error_class(p_error_code)).never_handed_to_carrier or (p_error_code in (30003, 30008) and v_campaign.retry_undelivered), p_now) then
        perform private.refund_usage(array[p_message_id]);
      end if;
    else
      perform private.mark_undelivered(v_message, p_error_code, p_now);
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
  'Applies one delivery receipt to a message of an organisation; returns applied, repeated, superseded, after_the_end, late_success, double_send, no_message, no_attempt or unknown_status. Definer: the worker may not write these tables.';

create function private.mark_undelivered(p_message public.messages, p_code integer, p_now timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
declare
  v_class private.error_classes := private.error_class(p_code);
begin
  update public.messages m set error_code = p_code, error_message = v_class.note, settled_at = p_now, updated_at = p_now where m.id = p_message.id;
  perform private.learn_from_error(p_message, p_code, p_now);
end;
$$;
comment on function private.mark_undelivered(public.messages, integer, timestamptz) is
  'Ends an undelivered message that is not retried, and learns from its error code: marks the phone or suppresses it.';

create function private.apply_late_success(p_message public.messages, p_provider_sid text, p_status text, p_rank smallint, p_now timestamptz)
returns text
language plpgsql
set search_path = ''
as $$
declare
  v_target public.campaign_targets;
  v_newer public.messages;
begin
  -- We had given this message up (or back), and Twilio says it went out. What we planned in its place must not.
  select * into v_target from public.campaign_targets t where t.id = p_message.campaign_target_id;
  select * into v_newer from public.messages m where m.id = v_target.message_id and m.id <> p_message.id for no key update;
  if v_newer.id is not null and v_newer.status = 'queued' then
    update public.messages m set status = 'canceled', error_message = 'an earlier attempt went out', settled_at = p_now where m.id = v_newer.id;
    v_newer := null;
  end if;
  if v_newer.id is not null and v_newer.status not in ('failed', 'undelivered', 'canceled') then
    update public.messages m set provider_status = p_status, provider_rank = p_rank, provider_sid = coalesce(m.provider_sid, p_provider_sid),
      needs_attention = 'Twilio sent this message after it had been given up, and its replacement was sent too.'
    where m.id = p_message.id;
    perform private.raise_alert(p_message.org_id, 'double_send', 'critical',
      'A message that Twilio did not list was sent after all, after its replacement. The person may have received it twice.', p_message.campaign_id, null,
      jsonb_build_object('message_id', p_message.id, 'replacement_id', v_newer.id));
    return 'double_send';
  end if;
  if p_message.segments is not null and p_message.campaign_id is not null then
    insert into private.campaign_deltas (org_id, campaign_id, segments) values (p_message.org_id, p_message.campaign_id, p_message.segments);
  end if;
  update public.messages m
  set status = case when p_status in ('delivered', 'read') then 'delivered' else 'sent' end::public.message_status, error_code = null, error_message = null,
      provider_status = p_status, provider_rank = p_rank, provider_sid = coalesce(m.provider_sid, p_provider_sid),
      sent_at = coalesce(m.sent_at, p_now), updated_at = p_now
  where m.id = p_message.id;
  update public.campaign_targets t
  set state = 'sent', delivery = case when p_status in ('delivered', 'read') then 'delivered' else 'unconfirmed' end, message_id = p_message.id,
      reason = null, error_code = null, needs_attention = null, sent_at = coalesce(t.sent_at, p_now), updated_at = p_now
  where t.id = p_message.campaign_target_id;
  return 'late_success';
end;
$$;
comment on function private.apply_late_success(public.messages, text, text, smallint, timestamptz) is
  'Takes a message back that had been given up: cancels its unposted replacement, or raises an alert where that was posted too.';

create function private.twilio_accounts_for(p_account_sid text)
returns table (org_id uuid, auth_token text)
language sql
stable
security definer
set search_path = ''
as $$
  select a.org_id, s.decrypted_secret
  from public.twilio_accounts a join vault.decrypted_secrets s on s.id = a.auth_token_secret_id
  where a.account_sid = p_account_sid;
$$;
comment on function private.twilio_accounts_for(text) is
  'The organisation of a Twilio account and the token that signs its webhooks and authorises its calls. Definer: only this may read Vault for the worker.';

create function private.log_webhook(p_org_id uuid, p_type text, p_payload jsonb, p_error text)
returns void
language sql
security definer
set search_path = ''
as $$
  insert into public.webhook_logs (org_id, webhook_type, payload, error_message) values (p_org_id, p_type, p_payload, left(p_error, 1000));
$$;
comment on function private.log_webhook(uuid, text, jsonb, text) is 'Keeps a webhook that was refused or could not be applied, with the reason. Definer: the worker may not write the table.';
