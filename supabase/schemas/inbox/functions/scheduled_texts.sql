-- Answers that wait for their time.

create function private.recent_answer(p_conversation public.conversations, p_text text, p_media_ids uuid[], p_input jsonb,
  p_now timestamptz)
returns uuid
language plpgsql
stable
set search_path = ''
as $$
declare
  v_seen integer := (p_input ->> 'seen_version')::numeric;
  v_author_id uuid := case when v_seen is not null then auth.uid() end;
  v_id uuid;
begin
  if not p_input ? 'send_at' then
    v_id := private.recent_direct(p_conversation.org_id, p_conversation.e164, p_text, v_author_id, p_media_ids, p_now);
    -- Who has seen the first one means to say it again.
    if v_id is not null and (v_seen is null or v_seen < (select m.conversation_version from public.messages m where m.id = v_id))
    then
      return v_id;
    end if;
  end if;
  return (
    select s.id from public.scheduled_texts s
    where s.conversation_id = p_conversation.id and s.created_at > p_now - interval '60 seconds' and s.state = 'waiting'
      and s.content = p_text and s.media_ids = p_media_ids and (v_author_id is null or s.author_id = v_author_id)
      and (not p_input ? 'send_at' or s.not_before = (p_input ->> 'send_at')::timestamptz)
      and (v_seen is null or v_seen < p_conversation.version)
    order by s.created_at limit 1);
end;
$$;
comment on function private.recent_answer(public.conversations, text, uuid[], jsonb, timestamptz) is
  'The answer with these words and files that was asked for in the last 60 seconds, sent or waiting, if this request may be the '
  'same one again: its author had not seen it yet, and the person has not written since. Null if there is none.';

create function private.try_direct(p_org public.orgs, p_phone public.lead_phones, p_contact private.contacts, p_text text,
  p_author_id uuid, p_id uuid, p_media_ids uuid[], p_now timestamptz)
returns timestamptz
language plpgsql
set search_path = ''
as $$
declare
  v_detail text;
  v_hint text;
  v_until timestamptz;
begin
  perform private.queue_direct(p_org, p_phone, p_contact, p_text, p_author_id, p_id, p_media_ids, p_now);
  return null;
exception when sqlstate 'PT409' then
  get stacked diagnostics v_detail = pg_exception_detail, v_hint = pg_exception_hint;
  v_until := case when v_hint = 'outside_hours' then (v_detail::jsonb ->> 'next_open_at')::timestamptz end;
  if v_until is null or v_until > p_now + interval '7 days' then
    raise;
  end if;
  return v_until;
end;
$$;
comment on function private.try_direct(public.orgs, public.lead_phones, private.contacts, text, uuid, uuid, uuid[], timestamptz)
  is
  'As private.queue_direct, but outside the person''s hours returns when they begin, within seven days, and queues nothing. Null '
  'if it is queued.';

create function private.schedule_text(p_conversation public.conversations, p_id uuid, p_text text, p_not_before timestamptz,
  p_keep_if_answered boolean, p_media_ids uuid[], p_now timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
begin
  if (select count(*) from public.scheduled_texts s where s.conversation_id = p_conversation.id and s.state = 'waiting') >= 20
    then
    perform private.raise_error('PT409', 'invalid_state',
      'Twenty answers wait in this conversation, as many as may: cancel one first.', '{"limit": 20}');
  end if;
  if exists (
    select from unnest(p_media_ids) i where not exists (
      select from public.message_media m
      where m.id = i and m.org_id = p_conversation.org_id and m.direction = 'outbound' and m.state = 'stored'))
  then
    perform private.refuse_field('media_ids', 'media_ids names a file that was not uploaded: upload it first.');
  end if;
  insert into public.scheduled_texts (id, org_id, conversation_id, author_id, content, media_ids, not_before, keep_if_answered,
    created_at, updated_at)
  values (p_id, p_conversation.org_id, p_conversation.id, auth.uid(), p_text, p_media_ids, p_not_before,
    p_keep_if_answered, p_now, p_now);
  if p_conversation.assignee_id is null then
    perform private.record_conversation_event(p_conversation, 'assigned', jsonb_build_object('to', auth.uid()), p_now);
  end if;
  -- Who saw the version before does not know of this answer.
  update public.conversations c
  set version = c.version + 1,
    returns_at = case when c.assignee_id is not null then c.returns_at end,
    assignee_id = coalesce(c.assignee_id, auth.uid()), assigned_at = coalesce(c.assigned_at, p_now),
    claimed_by = case when c.claimed_by is distinct from auth.uid() then c.claimed_by end,
    claimed_until = case when c.claimed_by is distinct from auth.uid() then c.claimed_until end
  where c.id = p_conversation.id;
  perform private.record_conversation_event(p_conversation, 'scheduled', jsonb_build_object('id', p_id, 'not_before',
    p_not_before),
    p_now);
end;
$$;
comment on function private.schedule_text(public.conversations, uuid, text, timestamptz, boolean, uuid[], timestamptz) is
  'Keeps an answer of the signed-in person until p_not_before. Raises PT409 if twenty wait. The caller holds the conversation.';

create function private.cancel_scheduled(p_conversation public.conversations, p_is_all boolean, p_now timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
declare
  v_ids uuid[];
begin
  with gone as (
    update public.scheduled_texts s
    set state = 'canceled', reason = case when p_is_all then 'The person opted out.' else 'The person wrote first.' end,
      updated_at = p_now
    where s.conversation_id = p_conversation.id and s.state = 'waiting' and (p_is_all or not s.keep_if_answered)
    returning s.id
  )
  select array_agg(g.id order by g.id) into v_ids from gone g;
  if v_ids is not null then
    perform private.record_conversation_event(p_conversation, 'schedule_canceled', jsonb_build_object('ids', v_ids, 'reason',
      case when p_is_all then 'opted_out' else 'they_wrote' end), p_now);
  end if;
end;
$$;
comment on function private.cancel_scheduled(public.conversations, boolean, timestamptz) is
  'Cancels the answers that wait in a conversation because the person wrote; p_is_all: those with keep_if_answered too. The '
  'caller holds the conversation.';

create function private.withdraw_scheduled(p_id uuid, p_now timestamptz default now())
returns void
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_org_id uuid := private.require_role('operator');
  v_text public.scheduled_texts;
  v_conversation public.conversations;
begin
  select * into v_text from public.scheduled_texts s where s.org_id = v_org_id and s.id = p_id;
  if not found then
    perform private.raise_error('PT404', 'not_found', 'There is no scheduled text with this id.',
      jsonb_build_object('message_id', p_id));
  end if;
  v_conversation := private.own_conversation(v_org_id, v_text.conversation_id);
  update public.scheduled_texts s set state = 'canceled', reason = 'Somebody canceled it.', updated_at = p_now
  where s.id = p_id and s.state = 'waiting';
  if found then
    perform private.record_conversation_event(v_conversation, 'schedule_canceled', jsonb_build_object('ids', array[p_id]), p_now);
    update public.conversations c set version = c.version + 1 where c.id = v_conversation.id;
  elsif not exists (select from public.scheduled_texts s where s.id = p_id and s.state = 'canceled') then
    perform private.raise_error('PT409', 'invalid_state', 'The text is on its way already, or could not be sent.',
      jsonb_build_object('message_id', p_id));
  end if;
end;
$$;
comment on function private.withdraw_scheduled(uuid, timestamptz) is
  'Cancels an answer that waits; again: nothing. Needs operator. Raises PT403, PT404, PT409 invalid_state. Security definer: '
  'users may not write the table.';
grant execute on function private.withdraw_scheduled(uuid, timestamptz) to authenticated;

create function public.withdraw_scheduled(p_id uuid) returns void
  language sql set search_path = '' as $$ select private.withdraw_scheduled(p_id); $$;
comment on function public.withdraw_scheduled(uuid) is
  'Calls the private function of the same name, which checks role and organisation, with the current time.';
grant execute on function public.withdraw_scheduled(uuid) to authenticated;
