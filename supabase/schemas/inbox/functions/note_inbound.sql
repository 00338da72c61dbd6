create function private.conversation_class(p_class text)
returns text
language sql
immutable
set search_path = ''
as $$
  select case when p_class = any (array['interested', 'question', 'not_interested', 'wrong_number', 'deceased', 'stop', 'help',
    'start']) then p_class when p_class = any (array['automatic', 'reaction', 'disliked']) then null else 'other' end;
$$;
comment on function private.conversation_class(text) is
  'The class of a conversation after a text of this class; null: the text says nothing (a machine, a reaction).';

create function private.class_conversation(p_conversation public.conversations, p_class text, p_source text, p_now timestamptz)
returns public.conversations
language plpgsql
set search_path = ''
as $$
declare
  v_class text := private.conversation_class(p_class);
  v_conversation public.conversations := p_conversation;
begin
  -- What a person decided is changed by words that are plain, not by a text that says little.
  if v_class is null or p_source = 'rules' and v_conversation.class_source = 'person' and v_class in ('question', 'help', 'other')
  then
    return v_conversation;
  end if;
  -- A question of somebody who is interested does not make them less so.
  if p_source = 'rules' and v_conversation.hot_since is not null and v_class in ('question', 'help', 'other') then
    return v_conversation;
  end if;
  v_conversation.reply_class := v_class;
  v_conversation.class_source := p_source;
  if v_class = 'interested' then
    if v_conversation.hot_since is null then
      perform private.record_conversation_event(v_conversation, 'hot', '{}', p_now);
    end if;
    v_conversation.hot_since := coalesce(v_conversation.hot_since, p_now);
  else
    v_conversation.hot_since := null;
    v_conversation.hot_due_at := null;
    v_conversation.escalates_at := null;
    v_conversation.escalated_at := null;
  end if;
  return v_conversation;
end;
$$;
comment on function private.class_conversation(public.conversations, text, text, timestamptz) is
  'A conversation with the class of a text of the person, by the rules or by a person (p_source), as it is to be stored. '
  'Interested people are hot.';

create function private.note_inbound(
  p_former public.conversations,
  p_message public.messages,
  p_now timestamptz
)
returns void
language plpgsql
set search_path = ''
as $$
declare
  v_conversation public.conversations := p_former;
  v_waited timestamptz := p_former.waiting_since;
begin
  if p_former.status <> 'active' then
    perform private.record_conversation_event(p_former, 'reopened', jsonb_build_object('from', p_former.status), p_now);
  end if;
  v_conversation := private.class_conversation(v_conversation, p_message.classification, 'rules', p_now);
  -- One more text of somebody who waits already changes nothing, however many there are.
  if v_waited is null or p_message.classification = 'stop' or exists (
    select from private.span_changes x where x.conversation_id = p_former.id)
  then
    v_conversation.waiting_since := private.fold_spans(v_conversation, p_now);
  end if;
  v_conversation := private.set_clocks(v_conversation, p_former, p_now);
  if v_conversation.waiting_since is not null and v_conversation.assignee_id is null and (
    v_waited is null or p_former.returns_at is null)
  then
    v_conversation := private.give_conversation(v_conversation, null, 'inbound', p_now);
  end if;
  -- One statement, so that those who watch the inbox hear of it once.
  update public.conversations c
  set unread_count = c.unread_count + 1, last_message = left(p_message.content, 200), last_message_at = p_now,
    last_direction = 'inbound', version = p_message.conversation_version, status = 'active', snoozed_until = null,
    first_inbound_at = coalesce(c.first_inbound_at, p_now), lead_id = coalesce(c.lead_id, p_message.lead_id),
    phone_number_id = p_message.phone_number_id, campaign_id = coalesce(p_message.campaign_id, c.campaign_id),
    reply_class = v_conversation.reply_class, class_source = v_conversation.class_source,
    waiting_since = v_conversation.waiting_since, hot_since = v_conversation.hot_since,
    hot_due_at = v_conversation.hot_due_at, escalates_at = v_conversation.escalates_at,
    escalated_at = v_conversation.escalated_at, returns_at = v_conversation.returns_at,
    assignee_id = v_conversation.assignee_id, assigned_at = v_conversation.assigned_at,
    is_auto_assigned = v_conversation.is_auto_assigned
  where c.id = p_former.id;
  -- A machine's text is no answer of theirs.
  if private.is_answer(p_message.classification) or p_message.classification = 'stop' then
    perform private.cancel_scheduled(v_conversation, p_message.classification = 'stop', p_now);
  end if;
  if p_former.escalated_at is not null and v_conversation.escalated_at is null then
    perform private.tell_hot_waiting(p_former.org_id, p_now);
  end if;
end;
$$;
comment on function private.note_inbound(public.conversations, public.messages, timestamptz) is
  'What a text of a person means for their conversation: it is active and unread, has a class, waits for an answer, is hot, is '
  'given to somebody; answers that waited are canceled. The caller holds the contact and the conversation.';
