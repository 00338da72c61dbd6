create function private.send_scheduled(p_id uuid, p_now timestamptz default now())
returns void
language plpgsql
set search_path = ''
as $$
declare
  v_text public.scheduled_texts;
  v_org public.orgs;
  v_conversation public.conversations;
  v_contact private.contacts;
  v_until timestamptz;
  v_state text := 'sent';
  v_reason text;
  v_hint text;
  v_detail text;
begin
  select * into v_text from public.scheduled_texts s where s.id = p_id;
  select * into v_org from public.orgs o where o.id = v_text.org_id for no key update;
  select * into v_conversation from public.conversations c where c.id = v_text.conversation_id;
  v_contact := case when v_conversation.id is not null then private.lock_contact(v_org.id, v_conversation.e164) end;
  select * into v_conversation from public.conversations c where c.id = v_text.conversation_id for no key update;
  select * into v_text from public.scheduled_texts s
  where s.id = p_id and s.state = 'waiting' and s.not_before <= p_now for no key update;
  if not found then
    return;
  end if;
  if not exists (
    select from public.users u where u.id = v_text.author_id and u.org_id = v_org.id and u.role >= 'operator')
  then
    v_state := 'canceled';
    v_reason := 'Its author may not write for your organisation any more.';
  else
    begin
      v_until := private.try_direct(v_org, private.phone_to_answer(v_conversation), v_contact, v_text.content, v_text.author_id,
        p_id, v_text.media_ids, p_now);
    exception when sqlstate 'PT409' or sqlstate 'PT422' or sqlstate 'PT429' then
      get stacked diagnostics v_reason = message_text, v_hint = pg_exception_hint, v_detail = pg_exception_detail;
      v_until := case when v_hint = 'rate_limited' then (v_detail::jsonb ->> 'next_at')::timestamptz end;
      v_state := case v_hint when 'opted_out' then 'canceled' else 'failed' end;
    end;
  end if;
  if v_until <= v_text.created_at + interval '14 days' then
    -- Their hours are not open, or a cap has no room: it waits on.
    update public.scheduled_texts s set not_before = greatest(v_until, p_now + interval '1 minute'), updated_at = p_now
    where s.id = p_id;
    return;
  end if;
  if v_until is not null then
    v_state := 'failed';
    v_reason := 'It could not be sent within 14 days.';
    v_hint := coalesce(v_hint, 'outside_hours');
  end if;
  update public.scheduled_texts s set state = v_state, reason = left(v_reason, 500), updated_at = p_now where s.id = p_id;
  if v_state <> 'sent' then
    perform private.record_conversation_event(v_conversation, case v_state when 'canceled' then 'schedule_canceled'
      else 'schedule_failed' end, jsonb_build_object('ids', array[p_id], 'reason', coalesce(v_hint, 'author_left')), p_now);
  end if;
  if v_state = 'failed' then
    perform private.raise_alert(v_org.id, 'scheduled_text_failed', 'warning',
      'An answer that waited for its time could not be sent. Its conversation says why.', p_details =>
      jsonb_build_object('conversation_id', v_conversation.id, 'message_id', p_id));
  end if;
end;
$$;
comment on function private.send_scheduled(uuid, timestamptz) is
  'Queues an answer whose time has come, held to everything that an answer is held to now. It waits on if the person''s hours '
  'are not open or a cap has no room; if something else forbids it, it is canceled or fails with the reason, and an alert.';
