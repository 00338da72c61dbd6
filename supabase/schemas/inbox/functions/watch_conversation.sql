-- What happens to conversations by itself when a time has come.

create function private.tell_hot_waiting(p_org_id uuid, p_now timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
declare
  v_count integer;
begin
  select count(*) into v_count from public.conversations c
  where c.org_id = p_org_id and c.hot_since is not null and c.escalated_at is not null and c.waiting_since is not null;
  if v_count = 0 then
    perform private.close_alerts(p_org_id, 'hot_leads_waiting', p_now);
    return;
  end if;
  perform private.raise_alert(p_org_id, 'hot_leads_waiting', 'critical', 'Interested people wait for an answer.');
  update public.alerts a
  set message = format('%s interested %s for an answer: their time is over. Open the inbox and answer.', v_count,
      case v_count when 1 then 'person waits' else 'people wait' end), details = jsonb_build_object('count', v_count)
  where a.org_id = p_org_id and a.kind = 'hot_leads_waiting' and a.resolved_at is null
    and a.details is distinct from jsonb_build_object('count', v_count);
end;
$$;
comment on function private.tell_hot_waiting(uuid, timestamptz) is
  'Keeps the one alert about interested people who were escalated and still wait: it says how many, and ends with the last.';

create function private.watch_conversation(p_conversation_id uuid, p_now timestamptz default now())
returns void
language plpgsql
set search_path = ''
as $$
declare
  v_conversation public.conversations;
  v_escalated boolean := false;
begin
  select * into v_conversation from public.conversations c where c.id = p_conversation_id and c.due_at <= p_now for no key update;
  if not found then
    return;
  end if;
  if v_conversation.snoozed_until <= p_now then
    v_conversation.status := 'active';
    v_conversation.snoozed_until := null;
    perform private.record_conversation_event(v_conversation, 'woke', '{}', p_now);
  end if;
  if v_conversation.hot_due_at <= p_now then
    perform private.record_conversation_event(v_conversation, 'hot_overdue', '{}', p_now);
    v_conversation.escalates_at := v_conversation.hot_due_at + interval '10 minutes';
    v_conversation.hot_due_at := null;
    v_conversation := private.give_conversation(v_conversation, v_conversation.assignee_id, 'hot_overdue', p_now);
  elsif v_conversation.returns_at <= p_now then
    v_conversation := private.give_conversation(v_conversation, v_conversation.assignee_id, 'returned', p_now);
  end if;
  if v_conversation.escalates_at <= p_now then
    perform private.record_conversation_event(v_conversation, 'escalated', '{}', p_now);
    v_conversation.escalates_at := null;
    v_conversation.escalated_at := p_now;
    v_escalated := true;
  end if;
  update public.conversations c
  set status = v_conversation.status, snoozed_until = v_conversation.snoozed_until, assignee_id = v_conversation.assignee_id,
    assigned_at = v_conversation.assigned_at, is_auto_assigned = v_conversation.is_auto_assigned,
    returns_at = case when v_conversation.returns_at > p_now then v_conversation.returns_at end,
    hot_due_at = v_conversation.hot_due_at, escalates_at = v_conversation.escalates_at,
    escalated_at = v_conversation.escalated_at
  where c.id = p_conversation_id;
  if v_escalated then
    perform private.tell_hot_waiting(v_conversation.org_id, p_now);
  end if;
end;
$$;
comment on function private.watch_conversation(uuid, timestamptz) is
  'Does what is due in a conversation: ends a snooze, gives an unanswered one to somebody else, says that an interested person '
  'waits too long, and ten minutes later tells the managers.';
