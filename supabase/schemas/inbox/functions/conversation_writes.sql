-- Texts that enter a conversation, in and out.

create function private.conversation_with(p_org_id uuid, p_e164 text, p_lead_id uuid, p_phone_number_id uuid, p_now timestamptz)
returns public.conversations
language plpgsql
set search_path = ''
as $$
declare
  v_conversation public.conversations;
begin
  select * into v_conversation from public.conversations c where c.e164 = p_e164 and (c.org_id = p_org_id) is true
  for no key update;
  if not found then
    insert into public.conversations (org_id, e164, lead_id, phone_number_id, last_message_at, created_at)
    values (p_org_id, p_e164, p_lead_id, p_phone_number_id, p_now, p_now)
    returning * into v_conversation;
  end if;
  return v_conversation;
end;
$$;
comment on function private.conversation_with(uuid, text, uuid, uuid, timestamptz) is
  'Locks the conversation with a phone and returns it; begins it if there is none. The caller holds the contact, so that two do '
  'not begin it at once.';

create function private.note_outbound(p_former public.conversations, p_lead_id uuid, p_phone_number_id uuid, p_text text,
  p_author_id uuid, p_now timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
declare
  v_is_assigned boolean := p_former.assignee_id is null and p_author_id is not null;
begin
  if v_is_assigned then
    perform private.record_conversation_event(p_former, 'assigned', jsonb_build_object('to', p_author_id), p_now);
  end if;
  if p_former.status not in ('active', 'deleted') then
    perform private.record_conversation_event(p_former, 'reopened', jsonb_build_object('from', p_former.status), p_now);
  end if;
  update public.conversations c
  set lead_id = coalesce(c.lead_id, p_lead_id), phone_number_id = p_phone_number_id, status = 'active', snoozed_until = null,
    last_message = left(p_text, 200), last_message_at = p_now, last_direction = 'outbound', version = c.version + 1,
    assignee_id = case when v_is_assigned then p_author_id else c.assignee_id end,
    assigned_at = case when v_is_assigned then p_now else c.assigned_at end,
    returns_at = case when not v_is_assigned then c.returns_at end,
    claimed_by = case when c.claimed_by is distinct from p_author_id then c.claimed_by end,
    claimed_until = case when c.claimed_by is distinct from p_author_id then c.claimed_until end
  where c.id = p_former.id;
end;
$$;
comment on function private.note_outbound(public.conversations, uuid, uuid, text, uuid, timestamptz) is
  'What a text of ours means for its conversation: it is active and one version newer; who answers first is its assignee; their '
  'claim ends. The caller holds the conversation.';

create function private.note_review(p_message public.messages, p_class text, p_now timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
declare
  v_former public.conversations;
  v_conversation public.conversations;
begin
  select * into v_former from public.conversations c where c.id = p_message.conversation_id for no key update;
  if not found then
    return;
  end if;
  v_conversation := v_former;
  -- An older text says nothing about what the person wants now.
  if not exists (
    select from public.messages m
    where m.conversation_id = v_former.id and m.kind = 'inbound' and m.created_at > p_message.created_at
      and private.conversation_class(m.classification) is not null)
  then
    v_conversation := private.class_conversation(v_conversation, p_class, 'person', p_now);
    perform private.record_conversation_event(v_former, 'classified', jsonb_build_object('message_id', p_message.id, 'class',
      p_class, 'from', v_former.reply_class), p_now);
  end if;
  v_conversation.waiting_since := private.fold_spans(v_conversation, p_message.created_at);
  v_conversation := private.set_clocks(v_conversation, v_former, p_now);
  update public.conversations c
  set reply_class = v_conversation.reply_class, class_source = v_conversation.class_source,
    waiting_since = v_conversation.waiting_since, hot_since = v_conversation.hot_since, hot_due_at = v_conversation.hot_due_at,
    escalates_at = v_conversation.escalates_at, escalated_at = v_conversation.escalated_at,
    returns_at = v_conversation.returns_at
  where c.id = v_former.id;
  if v_former.escalated_at is not null and v_conversation.escalated_at is null then
    perform private.tell_hot_waiting(v_former.org_id, p_now);
  end if;
end;
$$;
comment on function private.note_review(public.messages, text, timestamptz) is
  'What a person''s reading of a text means for its conversation: class, heat, and whether somebody waits. The caller holds the '
  'contact.';

create function private.classify_conversation(p_id uuid, p_class text, p_now timestamptz default now())
returns void
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_org_id uuid := private.require_role('operator');
  v_message_id uuid;
begin
  if p_class is null or p_class <> all (array['interested', 'question', 'not_interested', 'wrong_number', 'deceased', 'stop',
    'other'])
  then
    perform private.refuse_field('class',
      'Give interested, question, not_interested, wrong_number, deceased, stop or other.');
  elsif not exists (select from public.conversations c where c.org_id = v_org_id and c.id = p_id) then
    perform private.raise_error('PT404', 'not_found', 'There is no conversation with this id.',
      jsonb_build_object('conversation_id', p_id));
  end if;
  select m.id into v_message_id from public.messages m
  where m.conversation_id = p_id and m.kind = 'inbound' and private.conversation_class(m.classification) is not null
  order by m.created_at desc, m.id desc limit 1;
  if v_message_id is null then
    perform private.raise_error('PT409', 'invalid_state',
      'The rules found no text of theirs that could mean something; an automatic answer does not. Review the message itself.',
      jsonb_build_object('conversation_id', p_id));
  end if;
  perform private.review_answer(v_message_id, case p_class when 'other' then 'reply' else p_class end, p_now);
end;
$$;
comment on function private.classify_conversation(uuid, text, timestamptz) is
  'Says what the person''s last text means, as private.review_answer does: it moves the lead too. other: none of these. Needs '
  'operator. Raises PT403, PT404, PT409, PT422. Security definer: users may not write these tables.';
grant execute on function private.classify_conversation(uuid, text, timestamptz) to authenticated;

create function public.classify_conversation(p_id uuid, p_class text) returns void
  language sql set search_path = '' as $$ select private.classify_conversation(p_id, p_class); $$;
comment on function public.classify_conversation(uuid, text) is
  'Calls the private function of the same name, which checks role and organisation, with the current time.';
grant execute on function public.classify_conversation(uuid, text) to authenticated;
