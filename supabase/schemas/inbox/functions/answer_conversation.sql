-- Answers in a conversation. Two people who answer at once must not both be heard.

create function private.answer_shape()
returns jsonb
language sql
immutable
set search_path = ''
as $$
  select jsonb_build_object('type', 'object', 'required', '["content"]'::jsonb, 'properties', jsonb_build_object(
    'content', '{"type": "string", "maxLength": 10000}'::jsonb,
    'seen_version', '{"type": "integer", "minimum": 0, "maximum": 2147483647}'::jsonb,
    'send_at', '{"type": "string", "format": "date-time"}'::jsonb,
    'media_ids', private.ids_shape(10),
    'keep_if_answered', '{"type": "boolean"}'::jsonb,
    'force', '{"type": "boolean"}'::jsonb,
    'add_label_ids', private.ids_shape(20),
    'lead_status', private.lead_shape() #> '{properties,status}',
    'archive', '{"type": "boolean"}'::jsonb));
$$;
comment on function private.answer_shape() is
  'The shape of an answer: content; media_ids (uploaded files); seen_version (the version that its author saw), force (answer '
  'although others wrote meanwhile); send_at, keep_if_answered; add_label_ids, lead_status, archive: done together with it.';

create function private.refuse_claimed(p_conversation public.conversations)
returns void
language plpgsql
stable
set search_path = ''
as $$
begin
  perform private.raise_error('PT409', 'conversation_claimed', format('%s is writing an answer. Wait, or answer with force.',
    coalesce((select u.email from public.users u where u.id = p_conversation.claimed_by), 'Somebody')),
    jsonb_build_object('claimed_by', p_conversation.claimed_by, 'claimed_until', p_conversation.claimed_until));
end;
$$;
comment on function private.refuse_claimed(public.conversations) is 'Raises PT409: somebody else is writing an answer.';

create function private.check_collision(p_conversation public.conversations, p_input jsonb, p_now timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
declare
  v_seen integer := (p_input ->> 'seen_version')::numeric;
  v_is_claimed boolean := coalesce(p_conversation.claimed_by <> auth.uid() and p_conversation.claimed_until > p_now, false);
  v_missed jsonb;
  v_waiting jsonb;
begin
  if v_seen > p_conversation.version then
    perform private.refuse_field('seen_version',
      format('The conversation has the version %s: give the version that you saw.', p_conversation.version));
  elsif (p_input ->> 'force')::boolean then
    if v_is_claimed or v_seen < p_conversation.version then
      perform private.record_conversation_event(p_conversation, 'insisted', jsonb_strip_nulls(jsonb_build_object(
        'seen_version', v_seen, 'version', p_conversation.version, 'claimed_by', case when v_is_claimed
        then p_conversation.claimed_by end)), p_now);
      perform private.record_audit_event(p_conversation.org_id, 'answer_insisted', p_conversation.e164, null,
        p_conversation.lead_id, jsonb_build_object('conversation_id', p_conversation.id));
    end if;
    return;
  elsif v_seen < p_conversation.version then
    select to_jsonb(array_agg(private.message_json(x) order by x.conversation_version)) into v_missed from (
      select m.* from public.messages m
      where m.conversation_id = p_conversation.id and m.conversation_version > v_seen
      order by m.created_at desc, m.id desc limit 50) x;
    select to_jsonb(array_agg(s order by s.not_before, s.id)) into v_waiting from public.scheduled_texts s
    where s.conversation_id = p_conversation.id and s.state = 'waiting';
    -- An answer that waited and was canceled makes a version too, and nothing to read.
    if v_missed is not null or v_waiting is not null then
      perform private.raise_error('PT409', 'conversation_moved',
        'There is more in this conversation than you saw. Read what was written, then send again, or insist with force.',
        jsonb_build_object('version', p_conversation.version, 'missed', coalesce(v_missed, '[]'),
          'scheduled', coalesce(v_waiting, '[]')));
    end if;
  end if;
  if v_is_claimed then
    perform private.refuse_claimed(p_conversation);
  end if;
end;
$$;
comment on function private.check_collision(public.conversations, jsonb, timestamptz) is
  'Raises PT409 conversation_moved with what its author missed if others wrote since seen_version, and conversation_claimed '
  'while somebody else is writing; force overrides both, and is recorded. The caller holds the conversation.';

create function private.phone_to_answer(p_conversation public.conversations)
returns public.lead_phones
language plpgsql
stable
set search_path = ''
as $$
declare
  v_phone public.lead_phones;
begin
  select p.* into v_phone from public.lead_phones p join public.leads l on l.id = p.lead_id and l.deleted_at is null
  where p.org_id = p_conversation.org_id and p.e164 = p_conversation.e164
  order by (p.lead_id = p_conversation.lead_id) is true desc, l.created_at desc, p.id limit 1;
  if found then
    return v_phone;
  elsif p_conversation.first_inbound_at is null then
    perform private.raise_error('PT409', 'invalid_state',
      'No lead has this phone any more, and its holder never wrote to you. Add a lead with it first.',
      jsonb_build_object('conversation_id', p_conversation.id));
  end if;
  -- Who writes may be answered without being a lead: a relative, a new phone.
  v_phone.org_id := p_conversation.org_id;
  v_phone.e164 := p_conversation.e164;
  v_phone.is_valid := true;
  v_phone.consent_status := 'unknown';
  return v_phone;
end;
$$;
comment on function private.phone_to_answer(public.conversations) is
  'The phone of a lead that a conversation is with; for somebody who wrote and is no lead, a phone without one. Raises PT409.';

create function private.answer_conversation(p_id uuid, p_input jsonb, p_key text, p_now timestamptz default now())
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_org_id uuid := private.require_role('operator');
  v_text text;
  v_hash bytea;
  v_org public.orgs;
  v_conversation public.conversations;
  v_contact private.contacts;
  v_phone public.lead_phones;
  v_id uuid;
  v_not_before timestamptz;
  v_media_ids uuid[];
begin
  perform private.check_shape(p_input, private.answer_shape());
  v_hash := sha256(convert_to(jsonb_build_array(p_id, p_input)::text, 'UTF8'));
  v_text := private.read_direct_text(p_input ->> 'content', 'content');
  v_media_ids := array(select i::uuid from jsonb_array_elements_text(p_input -> 'media_ids') with ordinality x (i, n) order by n);
  if (p_input ->> 'send_at')::timestamptz not between p_now and p_now + interval '7 days' then
    perform private.refuse_field('send_at', 'Give a time from now on, within seven days.');
  end if;
  select * into v_org from public.orgs o where o.id = v_org_id for no key update;
  perform private.hold_people(array[auth.uid()]);
  v_id := private.keyed_direct(v_org_id, p_key, v_hash, p_now);
  if v_id is not null then
    return jsonb_build_object('message_id', v_id, 'deduplicated', true);
  end if;
  select * into v_conversation from public.conversations c where c.org_id = v_org_id and c.id = p_id;
  v_contact := case when v_conversation.id is not null then private.lock_contact(v_org_id, v_conversation.e164) end;
  v_conversation := private.own_conversation(v_org_id, p_id);
  if p_key is null then
    v_id := private.recent_answer(v_conversation, v_text, v_media_ids, p_input, p_now);
    if v_id is not null then
      perform private.follow_answer(p_id, p_input, p_now);
      return jsonb_build_object('message_id', v_id, 'deduplicated', true);
    end if;
  end if;
  perform private.check_collision(v_conversation, p_input, p_now);
  v_phone := private.phone_to_answer(v_conversation);
  v_id := private.uuid_v7();
  v_not_before := (p_input ->> 'send_at')::timestamptz;
  if v_not_before is null then
    v_not_before := private.try_direct(v_org, v_phone, v_contact, v_text, auth.uid(), v_id, v_media_ids, p_now);
  else
    perform private.require_writable(v_phone, v_contact);
  end if;
  if v_not_before is not null then
    perform private.schedule_text(v_conversation, v_id, v_text, v_not_before,
      coalesce((p_input ->> 'keep_if_answered')::boolean, false), v_media_ids, p_now);
  end if;
  if p_key is not null then
    insert into private.message_requests (org_id, key, request_hash, message_id, scheduled_id, created_at)
    values (v_org_id, p_key, v_hash, case when v_not_before is null then v_id end, 
      case when v_not_before is not null then v_id end, p_now);
  end if;
  perform private.follow_answer(p_id, p_input, p_now);
  return jsonb_build_object('message_id', v_id, 'deduplicated', false);
end;
$$;
comment on function private.answer_conversation(uuid, jsonb, text, timestamptz) is
  'Answers in a conversation (private.answer_shape): {message_id, deduplicated}. Outside the hours of somebody who has not '
  'written for 24 hours, the answer waits for them: the id is then that of a scheduled text. p_key: an Idempotency-Key, for 24 '
  'hours; without one, the same words within 60 seconds are the same answer. Needs operator. Raises PT403, PT404; PT409 '
  'conversation_moved, conversation_claimed and what private.send_direct raises; PT422 naming the field; PT429 for a cap. '
  'Security definer: users may not write messages.';
grant execute on function private.answer_conversation(uuid, jsonb, text, timestamptz) to authenticated;

create function public.answer_conversation(p_id uuid, p_input jsonb, p_idempotency_key text default null) returns jsonb
  language sql set search_path = '' as $$ select private.answer_conversation(p_id, p_input, p_idempotency_key); $$;
comment on function public.answer_conversation(uuid, jsonb, text) is
  'Calls the private function of the same name, which checks role and organisation, with the current time.';
grant execute on function public.answer_conversation(uuid, jsonb, text) to authenticated;

create function private.follow_answer(p_id uuid, p_input jsonb, p_now timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
declare
  v_conversation public.conversations;
  v_change jsonb := jsonb_strip_nulls(jsonb_build_object('add_label_ids', p_input -> 'add_label_ids',
    'status', case when (p_input ->> 'archive')::boolean then 'archived' end));
begin
  select * into v_conversation from public.conversations c where c.id = p_id;
  if v_change <> '{}' then
    if private.change_conversation(v_conversation, v_change, p_now) then
      perform private.tell_hot_waiting(v_conversation.org_id, p_now);
    end if;
  end if;
  if p_input ? 'lead_status' then
    if v_conversation.lead_id is null then
      perform private.refuse_field('lead_status', 'The conversation has no lead: leave lead_status out.');
    end if;
    perform private.update_lead(v_conversation.lead_id, jsonb_build_object('status', p_input -> 'lead_status'), p_now => p_now);
  end if;
end;
$$;
comment on function private.follow_answer(uuid, jsonb, timestamptz) is
  'Does what was asked for together with an answer: labels, status of the lead, archiving. The caller holds the conversation.';
