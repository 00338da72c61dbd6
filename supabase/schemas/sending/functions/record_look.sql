create function private.record_look(
  p_attempt_id uuid,
  p_provider_sid text,
  p_provider_status text default null,
  p_error_code integer default null,
  p_content text default null,
  p_now timestamptz default now()
)
returns text
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_attempt public.send_attempts;
  v_message public.messages;
begin
  select m.* into v_message from public.messages m join public.send_attempts a on a.message_id = m.id where a.id = p_attempt_id;
  if p_provider_sid is not null then
    -- Looks again: the listed message belongs to another message of ours by now.
    if exists (select 1 from public.messages m where m.provider_sid = p_provider_sid and m.kind <> 'inbound'
      and m.org_id = v_message.org_id and m.id <> v_message.id) then
      return 'look_again';
    end if;
    select * into v_attempt from public.send_attempts a where a.id = p_attempt_id;
    if v_attempt.outcome <> 'accepted' and private.has_rival(v_message, v_attempt) then
      -- Does nothing if the attempt is settled: this look was slow, and what it found may be what was sent in its place.
      perform private.give_up_look(p_attempt_id,
        'Twilio lists one message with this text, and several of ours to this person got no answer in the same minutes.', p_now);
      return 'unclear';
    end if;
    -- Applied as a receipt, which takes its own locks: locks held before it could deadlock with Twilio's own receipt. A status
    -- that we do not know still means that Twilio has the message.
    perform private.apply_receipt(v_message.org_id, v_message.id, p_attempt_id, p_provider_sid,
      case when private.provider_rank(p_provider_status) < 0 then 'queued' else p_provider_status end, p_error_code,
      jsonb_build_object('source', 'list'), p_now);
    update public.messages m set provider_sid = coalesce(m.provider_sid, p_provider_sid), content = coalesce(m.content, p_content)
      where m.id = v_message.id;
    return 'found';
  end if;

  -- Locks the campaign too, because it may have to continue.
  perform 1 from public.campaigns c where c.id = v_message.campaign_id for no key update;
  perform 1 from public.campaign_targets t where t.id = v_message.campaign_target_id for no key update;
  select * into v_message from public.messages m where m.id = v_message.id for no key update;
  select * into v_attempt from public.send_attempts a where a.id = p_attempt_id for no key update;
  if v_attempt.outcome <> 'unknown' then
    return 'settled';
  end if;

  -- Two looks are needed, however many workers look: a look whose result came late is not a second look.
  if v_attempt.looks = 0 or v_attempt.looked_at > p_now - interval '10 minutes' then
    update public.send_attempts a
    set looks = 1, looked_at = coalesce(a.looked_at, p_now), next_look_at = coalesce(a.looked_at, p_now) + interval '10 minutes'
    where a.id = p_attempt_id;
    return 'look_again';
  end if;
  update public.send_attempts a set looks = a.looks + 1, next_look_at = null, outcome = 'not_accepted' where a.id = p_attempt_id;
  if v_message.status <> 'unknown' then
    return 'settled';
  end if;
  -- Twilio does not have it: it is safe to retry, as a new message. Replies and confirmations are never retried.
  update public.messages m
  set status = 'failed', error_message = 'Twilio has no such message', needs_attention = null, settled_at = p_now,
    updated_at = p_now
  where m.id = v_message.id;
  if v_message.needs_attention is not null then
    perform private.resolve_send_alerts(v_message.org_id, v_message.campaign_id, p_now);
  end if;
  if private.take_back_earlier(v_message, p_now) then
    -- An earlier attempt of the same direct text keeps its charge.
    if v_message.kind = 'campaign' then
      perform private.refund_usage(array[v_message.id]);
    end if;
    return 'earlier_one_stands';
  elsif v_message.kind = 'campaign' then
    update public.campaign_targets t
    set state = case when c.status = 'stopped' then 'canceled' when t.attempts >= 3 then 'failed'
      else 'waiting' end::public.target_state,
        reason = case when c.status = 'stopped' then 'stopped' when t.attempts >= 3 then 'error' end,
        message_id = null, not_before = p_now,
        needs_attention = case when t.attempts >= 3
          and c.status <> 'stopped' then 'Three attempts got no answer from Twilio.' end, updated_at = p_now
    from public.campaigns c
    where c.id = t.campaign_id and t.id = v_message.campaign_target_id and t.message_id = v_message.id;
    -- A campaign that had completed meanwhile continues for the target that waits again.
    if exists (select from public.campaign_targets t where t.id = v_message.campaign_target_id and t.state = 'waiting') then
      perform private.reopen_campaign(v_message.campaign_id);
    end if;
    perform private.raise_alert(v_message.org_id, 'send_unanswered', 'warning',
      'Three attempts to send a message got no answer from Twilio.',
      v_message.campaign_id, null, jsonb_build_object('message_id', v_message.id))
    from public.campaign_targets t where t.id = v_message.campaign_target_id and t.needs_attention is not null;
    perform private.refund_usage(array[v_message.id]);
  else
    update public.messages m set needs_attention = 'Twilio has no such message. Write again if it is still wanted.'
      where m.id = v_message.id;
    perform private.raise_alert(v_message.org_id, 'reply_not_sent', 'warning',
      'A reply was not sent, and will not be sent again automatically.',
      null, v_message.phone_number_id, jsonb_build_object('message_id', v_message.id));
    perform private.refund_usage(array[v_message.id]);
  end if;
  return 'safe_to_retry';
end;
$$;
comment on function private.record_look(uuid, text, text, integer, text, timestamptz) is
  'Records a look into Twilio''s list. Found (p_provider_sid and its status): settles the attempt. Not found twice, 10 minutes '
  'apart: safe to retry. Returns found, unclear (the listed message may be another one''s), look_again, safe_to_retry, '
  'earlier_one_stands (an attempt given up earlier was sent after all) or settled. Security definer: the worker may not write '
  'these tables.';
grant execute on function private.record_look(uuid, text, text, integer, text, timestamptz) to worker;
