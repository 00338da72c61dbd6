-- A MessageSid is one inbound message of an organisation. It was one message of all organisations: whoever had a Twilio account of its own
-- could sign a webhook with the MessageSid of somebody else's message, which was then taken for a repeat. And a webhook with the
-- MessageSid of a message that was just posted made the settling of a whole batch fail, other organisations' messages with it: what is
-- sent is told apart by its attempt, so its MessageSid need not be unique.

create unique index messages_inbound_sid_key on public.messages (provider_sid, org_id) where kind = 'inbound' and provider_sid is not null;
create index messages_provider_sid_idx on public.messages (provider_sid) where kind <> 'inbound' and provider_sid is not null;
drop index public.messages_provider_sid_key;

create or replace function private.receive_inbound(
  p_account_sid text,
  p_message_sid text,
  p_from text,
  p_to text,
  p_body text,
  p_media_urls text[],
  p_kind text,
  p_certainty text,
  p_review boolean,
  p_language text,
  p_handled_by_twilio boolean,
  p_matched text,
  p_now timestamptz default now(),
  p_interest text default null
)
returns text
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_number public.phone_numbers;
  v_contact private.contacts;
  v_conversation public.conversations;
  v_lead_id uuid;
  v_campaign_id uuid;
  v_message_id uuid;
  v_replied_before boolean;
  v_new_opt_out boolean;
begin
  select n.* into v_number from public.phone_numbers n join public.twilio_accounts a on a.org_id = n.org_id
  where n.e164 = p_to and a.account_sid = p_account_sid;
  if not found then
    return 'not_our_number';
  end if;

  v_contact := private.lock_contact(v_number.org_id, p_from);
  -- Of this organisation: another one with an account of its own may claim any MessageSid.
  if exists (select 1 from public.messages m where m.provider_sid = p_message_sid and m.org_id = v_number.org_id and m.kind = 'inbound') then
    return 'repeated';
  end if;
  select coalesce(l.merged_into, l.id) into v_lead_id from public.lead_phones p join public.leads l on l.id = p.lead_id
  where p.org_id = v_number.org_id and p.e164 = p_from
  order by (l.deleted_at is null) desc, l.created_at desc limit 1;
  select m.campaign_id into v_campaign_id from public.messages m
  where m.to_number = p_from and (m.org_id = v_number.org_id) is true and m.kind = 'campaign' and m.status not in ('queued', 'failed', 'canceled')
  order by m.created_at desc limit 1;
  v_replied_before := exists (
    select 1 from public.messages m join public.conversations c on c.id = m.conversation_id
    where c.org_id = v_number.org_id and c.e164 = p_from and m.kind = 'inbound' and m.campaign_id is not distinct from v_campaign_id);

  insert into public.conversations as c (org_id, e164, lead_id, phone_number_id, campaign_id, unread_count, last_message, last_message_at)
  values (v_number.org_id, p_from, v_lead_id, v_number.id, v_campaign_id, 1, left(p_body, 200), p_now)
  on conflict (org_id, e164) do update
    set unread_count = c.unread_count + 1, last_message = excluded.last_message, last_message_at = excluded.last_message_at, status = 'active',
        lead_id = coalesce(c.lead_id, excluded.lead_id), phone_number_id = excluded.phone_number_id,
        campaign_id = coalesce(excluded.campaign_id, c.campaign_id)
  returning * into v_conversation;
  insert into public.messages (org_id, kind, campaign_id, conversation_id, lead_id, phone_number_id, from_number, to_number, content, media_urls,
    language, status, provider_sid, provider_status, classification, queued_at, created_at, updated_at)
  values (v_number.org_id, 'inbound', v_campaign_id, v_conversation.id, v_conversation.lead_id, v_number.id, p_from, p_to, p_body,
    nullif(p_media_urls, '{}'), p_language, 'received', p_message_sid, 'received', p_kind, p_now, p_now, p_now)
  returning id into v_message_id;
  update private.contacts c set last_inbound_at = p_now, phone_number_id = v_number.id
  where c.org_id = v_number.org_id and c.e164 = p_from;
  if v_campaign_id is not null and not v_replied_before then
    insert into private.campaign_deltas (org_id, campaign_id, replies) values (v_number.org_id, v_campaign_id, 1);
  end if;
  perform private.record_audit_event(v_number.org_id, 'message_received', p_from, v_campaign_id, v_conversation.lead_id,
    jsonb_build_object('message_id', v_message_id, 'kind', p_kind, 'certainty', p_certainty, 'matched', p_matched, 'handled_by_twilio', p_handled_by_twilio));

  if p_kind = 'stop' then
    v_new_opt_out := private.suppress(v_number.org_id, p_from, 'keyword', p_body, v_campaign_id, p_review, p_language, p_now);
    -- Twilio's own answer counts as the confirmation: a second one would be refused with 21610, and is not ours to send.
    if v_new_opt_out and not p_handled_by_twilio then
      perform private.queue_auto_reply(v_number.org_id, v_conversation, v_number, p_from, 'stop', p_language, p_now);
    end if;
  elsif p_kind = 'start' then
    perform private.unsuppress(v_number.org_id, p_from, 'keyword', p_body, p_language, p_now);
  elsif p_kind = 'help' then
    -- One answer an hour: two machines must not talk to each other.
    if not p_handled_by_twilio and v_contact.suppressed_at is null and not exists (
      select 1 from public.messages m where m.to_number = p_from and (m.org_id = v_number.org_id) is true and m.kind = 'auto_reply' and m.created_at > p_now - interval '1 hour'
    ) then
      perform private.queue_auto_reply(v_number.org_id, v_conversation, v_number, p_from, 'help', p_language, p_now);
    end if;
  elsif p_kind = 'wrong_number' then
    perform private.cancel_open_targets(v_number.org_id, p_from, 'wrong_number', p_now);
    update private.contacts c set invalid_at = coalesce(c.invalid_at, p_now), invalid_reason = coalesce(c.invalid_reason, 'wrong_number')
    where c.org_id = v_number.org_id and c.e164 = p_from;
    update public.lead_phones p set is_valid = false, invalid_reason = 'wrong_number'
    where p.org_id = v_number.org_id and p.e164 = p_from and p.is_valid;
    perform private.record_audit_event(v_number.org_id, 'wrong_number', p_from, v_campaign_id, v_conversation.lead_id);
  end if;
  perform private.move_lead_by_reply(v_number.org_id, p_from, v_conversation.lead_id, p_kind, p_interest, v_message_id);
  return p_kind;
end;
$$;
comment on function private.receive_inbound(text, text, text, text, text, text[], text, text, boolean, text, boolean, text, timestamptz, text) is
  'Stores an inbound message once (by its MessageSid), threads it, and acts: STOP suppresses and confirms once, START re-subscribes, HELP answers, a wrong number cancels that phone''s other steps; and status and score of the lead follow. p_kind: stop, start, help, wrong_number, reply; p_interest, of a reply: interested, not_interested or null. Returns p_kind, repeated or not_our_number. Definer: the worker may not write these tables.';

create or replace function private.record_look(
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
    -- Looked at anew: whatever Twilio listed had been claimed before, and may have been answered for since.
    if exists (select 1 from public.messages m where m.provider_sid = p_provider_sid and m.kind <> 'inbound' and m.org_id = v_message.org_id and m.id <> v_message.id) then
      return 'look_again';
    end if;
    select * into v_attempt from public.send_attempts a where a.id = p_attempt_id;
    if v_attempt.outcome <> 'accepted' and private.has_rival(v_message, v_attempt) then
      -- Does nothing about one that is settled: this look was slow, and what it found may be what was sent in its place.
      perform private.give_up_look(p_attempt_id,
        'Twilio lists one message with this text, and several of ours to this person got no answer in the same minutes.', p_now);
      return 'unclear';
    end if;
    -- As a receipt, which takes its own locks: holding any before would meet Twilio's own receipt the other way round.
    -- A status we do not know is that of a message which Twilio has.
    perform private.apply_receipt(v_message.org_id, v_message.id, p_attempt_id, p_provider_sid,
      case when private.provider_rank(p_provider_status) < 0 then 'queued' else p_provider_status end, p_error_code,
      jsonb_build_object('source', 'list'), p_now);
    update public.messages m set provider_sid = coalesce(m.provider_sid, p_provider_sid), content = coalesce(m.content, p_content) where m.id = v_message.id;
    return 'found';
  end if;

  -- The campaign too: it may have to go on.
  perform 1 from public.campaigns c where c.id = v_message.campaign_id for no key update;
  perform 1 from public.campaign_targets t where t.id = v_message.campaign_target_id for no key update;
  select * into v_message from public.messages m where m.id = v_message.id for no key update;
  select * into v_attempt from public.send_attempts a where a.id = p_attempt_id for no key update;
  if v_attempt.outcome <> 'unknown' then
    return 'settled';
  end if;

  -- Two looks, however many workers look: one that was slow to tell is no second look.
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
  -- Twilio does not have it: safe to retry, as a new message. Replies and confirmations are never retried.
  update public.messages m
  set status = 'failed', error_message = 'Twilio has no such message', needs_attention = null, settled_at = p_now, updated_at = p_now
  where m.id = v_message.id;
  if v_message.needs_attention is not null then
    perform private.resolve_send_alerts(v_message.org_id, v_message.campaign_id, p_now);
  end if;
  if private.take_back_earlier(v_message, p_now) then
    perform private.refund_usage(array[v_message.id]);
    return 'earlier_one_stands';
  elsif v_message.kind = 'campaign' then
    update public.campaign_targets t
    set state = case when c.status = 'stopped' then 'canceled' when t.attempts >= 3 then 'failed' else 'waiting' end::public.target_state,
        reason = case when c.status = 'stopped' then 'stopped' when t.attempts >= 3 then 'error' end,
        message_id = null, not_before = p_now,
        needs_attention = case when t.attempts >= 3 and c.status <> 'stopped' then 'Three attempts got no answer from Twilio.' end, updated_at = p_now
    from public.campaigns c
    where c.id = t.campaign_id and t.id = v_message.campaign_target_id and t.message_id = v_message.id;
    -- A campaign that had completed meanwhile goes on for whoever waits again.
    update public.campaigns c set status = 'running', finished_at = null
    where c.id = v_message.campaign_id and c.status = 'completed'
      and exists (select 1 from public.campaign_targets t where t.id = v_message.campaign_target_id and t.state = 'waiting');
    perform private.raise_alert(v_message.org_id, 'send_unanswered', 'warning', 'Three attempts to send a message got no answer from Twilio.',
      v_message.campaign_id, null, jsonb_build_object('message_id', v_message.id))
    from public.campaign_targets t where t.id = v_message.campaign_target_id and t.needs_attention is not null;
    perform private.refund_usage(array[v_message.id]);
  else
    update public.messages m set needs_attention = 'Twilio has no such message. Write again if it is still wanted.' where m.id = v_message.id;
    perform private.raise_alert(v_message.org_id, 'reply_not_sent', 'warning', 'A reply was not sent, and is not sent again by itself.',
      null, v_message.phone_number_id, jsonb_build_object('message_id', v_message.id));
  end if;
  return 'safe_to_retry';
end;
$$;
comment on function private.record_look(uuid, text, text, integer, text, timestamptz) is
  'Records a look into Twilio''s list: found (its SID and status) settles the attempt; not found twice, 10 minutes apart, means safe to retry. Returns found, unclear (it may be another''s), look_again, safe_to_retry, earlier_one_stands (an attempt given up before went out after all) or settled. Definer: the worker may not write these tables.';
