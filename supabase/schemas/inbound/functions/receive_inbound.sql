create function private.receive_inbound(
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
  p_interest text default null,
  p_class text default null,
  p_rule text default null,
  p_version integer default null,
  p_holds boolean default false
)
returns text
language plpgsql
security definer
set search_path = ''
-- A session keeps the plans that it makes at first: those of a small table would read all of it when it has grown.
set enable_seqscan = off
as $$
declare
  v_class text := coalesce(p_class, p_kind);
  v_number public.phone_numbers;
  v_contact private.contacts;
  v_conversation public.conversations;
  v_lead_id uuid;
  v_campaign_id uuid;
  v_step smallint;
  v_answers uuid;
  v_message public.messages;
  v_replied_before boolean;
  v_new_opt_out boolean;
begin
  select n.* into v_number from public.phone_numbers n join public.twilio_accounts a on a.org_id = n.org_id
  where n.e164 = p_to and a.account_sid = p_account_sid;
  if not found then
    return 'not_our_number';
  end if;

  v_contact := private.lock_contact(v_number.org_id, p_from);
  -- Only within this organisation: another organisation with its own account could send any MessageSid.
  if exists (select 1 from public.messages m where m.provider_sid = p_message_sid and m.org_id = v_number.org_id
    and m.kind = 'inbound') then
    return 'repeated';
  end if;
  select coalesce(l.merged_into, l.id) into v_lead_id from public.lead_phones p join public.leads l on l.id = p.lead_id
  where p.org_id = v_number.org_id and p.e164 = p_from
  order by (l.deleted_at is null) desc, l.created_at desc limit 1;
  select m.campaign_id, m.step, case when coalesce(m.sent_at, m.queued_at) > p_now - interval '14 days' then m.id end
  into v_campaign_id, v_step, v_answers from public.messages m
  where m.to_number = p_from and (m.org_id = v_number.org_id) is true and m.kind = 'campaign'
    and m.status not in ('queued', 'failed', 'canceled')
  order by m.created_at desc limit 1;
  v_replied_before := exists (
    -- Not a join: planned while nobody had answered yet, it read all conversations for every text (45 ms after 500 texts).
    select 1 from public.messages m
    where m.conversation_id = (
        select c.id from public.conversations c where c.e164 = p_from and (c.org_id = v_number.org_id) is true)
      and m.kind = 'inbound' and m.campaign_id is not distinct from v_campaign_id and private.is_answer(m.classification));

  v_conversation := private.conversation_with(v_number.org_id, p_from, v_lead_id, v_number.id, p_now);
  v_conversation.lead_id := coalesce(v_conversation.lead_id, v_lead_id);
  insert into public.messages (org_id, kind, campaign_id, conversation_id, lead_id, phone_number_id, from_number, to_number,
    content, has_media, language, status, provider_sid, provider_status, classification, class_rule, class_phrase,
    class_version, holds, queued_at, created_at, updated_at, answers_message_id, interest, conversation_version)
  values (v_number.org_id, 'inbound', v_campaign_id, v_conversation.id, v_conversation.lead_id, v_number.id, p_from, p_to, p_body,
    cardinality(p_media_urls) > 0, p_language, 'received', p_message_sid, 'received', v_class, nullif(left(p_rule, 200), ''),
    nullif(left(p_matched, 2000), ''), p_version, p_holds, p_now, p_now, p_now, v_answers, p_interest,
    v_conversation.version + 1)
  returning * into v_message;
  if cardinality(p_media_urls) > 0 then
    perform private.receive_media(v_number.org_id, v_message.id, p_media_urls, p_now);
  end if;
  perform private.note_inbound(v_conversation, v_message, p_now);
  -- Two texts may wait for this lock in the wrong order.
  update private.contacts c set last_inbound_at = greatest(c.last_inbound_at, p_now), phone_number_id = v_number.id
  where c.org_id = v_number.org_id and c.e164 = p_from;
  if v_campaign_id is not null and private.is_answer(v_class) and not v_replied_before then
    insert into private.campaign_deltas (org_id, campaign_id, replies, step) values (v_number.org_id, v_campaign_id, 1, v_step);
  end if;
  perform private.record_audit_event(v_number.org_id, 'message_received', p_from, v_campaign_id, v_conversation.lead_id,
    jsonb_build_object('message_id', v_message.id, 'kind', p_kind, 'class', v_class, 'rule', p_rule,
      'certainty', p_certainty, 'matched', p_matched,
      'handled_by_twilio', p_handled_by_twilio));

  if p_kind = 'stop' then
    v_new_opt_out := private.suppress(v_number.org_id, p_from, 'keyword', p_body, v_campaign_id, p_review, p_language, p_now);
    -- Twilio's own reply counts as the confirmation. A second one would be refused with 21610, and is not ours to send.
    if v_new_opt_out and not p_handled_by_twilio then
      perform private.queue_auto_reply(v_number.org_id, v_conversation, v_number, p_from, 'stop', p_language, p_now);
    end if;
  elsif p_kind = 'start' then
    perform private.unsuppress(v_number.org_id, p_from, 'keyword', p_body, p_language, p_now);
  elsif p_kind = 'help' then
    -- At most one reply an hour, so that two machines do not answer each other for ever.
    if not p_handled_by_twilio and v_contact.suppressed_at is null and not exists (
      select 1 from public.messages m where m.to_number = p_from and (m.org_id = v_number.org_id) is true
        and m.kind = 'auto_reply' and m.created_at > p_now - interval '1 hour'
    ) then
      perform private.queue_auto_reply(v_number.org_id, v_conversation, v_number, p_from, 'help', p_language, p_now);
    end if;
  elsif p_kind = 'wrong_number' then
    perform private.mark_wrong_number(v_number.org_id, p_from, v_campaign_id, v_conversation.lead_id, p_now);
  end if;
  if p_holds then
    perform private.hold_person(v_number.org_id, p_from, p_now);
  elsif p_kind in ('stop', 'start', 'wrong_number') then
    -- They say themselves what was in doubt.
    perform private.release_person(v_number.org_id, p_from, p_now);
  end if;
  perform private.stop_steps(v_number.org_id, p_from, p_now);
  perform private.move_lead_by_reply(v_number.org_id, p_from, v_conversation.lead_id, v_class, p_interest, v_message.id);
  return p_kind;
end;
$$;
comment on function private.receive_inbound(text, text, text, text, text, text[], text, text, boolean, text, boolean, text,
  timestamptz, text, text, text, integer, boolean) is
  'Stores an inbound message once (by its MessageSid), assigns it to its conversation, and acts on it: STOP suppresses the '
  'phone and is confirmed once, START re-subscribes, HELP is answered, a wrong number cancels that phone''s other steps, an '
  'answer ends steps (private.step_obstacle). Status and score of the lead change too. p_media_urls: where Twilio keeps its '
  'pictures and files, which are fetched later. p_kind: stop, start, help, wrong_number, deceased, reaction, automatic, reply; '
  'p_class is the classification that is stored (null: p_kind), p_rule, p_matched and p_version what decided it; p_holds: '
  'campaigns wait until somebody has read the text; p_interest, for a reply: interested, not_interested or null. '
  'Returns p_kind, repeated or not_our_number. Security definer: the worker may not write these tables.';
grant execute on function private.receive_inbound(text, text, text, text, text, text[], text, text, boolean, text, boolean, text,
  timestamptz, text, text, text, integer, boolean) to worker;
