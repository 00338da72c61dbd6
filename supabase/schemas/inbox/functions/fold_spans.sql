create function private.fold_spans(p_conversation public.conversations, p_since timestamptz)
returns timestamptz
language plpgsql
set search_path = ''
as $$
declare
  v_org public.orgs;
  -- The span before may be closed by what came since, or no longer.
  v_from timestamptz := coalesce((select max(s.opened_at) from public.reply_spans s
    where s.conversation_id = p_conversation.id and s.opened_at <= p_since), p_since);
  v_fact record;
  v_span public.reply_spans;
  v_spans public.reply_spans[] := '{}';
begin
  for v_fact in select * from private.reply_facts(p_conversation, v_from) loop
    if v_fact.kind = 'asked' and v_span.opened_at is null then
      v_span.opened_by_message := v_fact.message_id;
      v_span.opened_at := v_fact.at;
      v_span.campaign_id := v_fact.campaign_id;
      v_span.reply_class := coalesce(private.conversation_class(v_fact.class), 'other');
    elsif v_fact.kind <> 'asked' and v_span.opened_at is not null then
      v_span.outcome := v_fact.kind;
      v_span.closed_at := v_fact.at;
      v_span.answered_by_message := case v_fact.kind when 'answered' then v_fact.message_id end;
      v_span.answered_by := v_fact.author_id;
      v_spans := v_spans || v_span;
      v_span := null;
    end if;
  end loop;
  if v_span.opened_at is not null then
    v_spans := v_spans || v_span;
  end if;

  delete from public.reply_spans s
  where s.conversation_id = p_conversation.id and s.opened_at >= v_from
    and s.opened_by_message not in (select n.opened_by_message from unnest(v_spans) n);
  select * into v_org from public.orgs o where o.id = p_conversation.org_id;
  -- In order: only the last may be open, and there is never a second open one in between.
  for v_span in select * from unnest(v_spans) loop
    if v_span.outcome = 'answered' then
      v_span.assigned_at := case when p_conversation.assigned_at between v_span.opened_at and v_span.closed_at
        then p_conversation.assigned_at end;
      v_span.working_seconds := private.reply_seconds(v_org, v_span.opened_at, v_span.closed_at);
      v_span.assigned_seconds := case when v_span.assigned_at is not null
        then private.reply_seconds(v_org, v_span.assigned_at, v_span.closed_at) end;
    end if;
    insert into public.reply_spans as s (org_id, conversation_id, campaign_id, reply_class, opened_by_message, opened_at, outcome,
      closed_at, answered_by_message, answered_by, assigned_at, working_seconds, assigned_seconds)
    values (p_conversation.org_id, p_conversation.id, v_span.campaign_id, v_span.reply_class, v_span.opened_by_message,
      v_span.opened_at, v_span.outcome, v_span.closed_at, v_span.answered_by_message, v_span.answered_by, v_span.assigned_at,
      v_span.working_seconds, v_span.assigned_seconds)
    on conflict (conversation_id, opened_by_message) do update set reply_class = excluded.reply_class,
      outcome = excluded.outcome, closed_at = excluded.closed_at, answered_by_message = excluded.answered_by_message,
      answered_by = excluded.answered_by, assigned_at = excluded.assigned_at, working_seconds = excluded.working_seconds,
      assigned_seconds = excluded.assigned_seconds
    -- What was measured once stays: hours and assignee may have changed since.
    where (s.outcome, s.closed_at, s.answered_by_message, s.reply_class) is distinct from (excluded.outcome, excluded.closed_at,
      excluded.answered_by_message, excluded.reply_class);
  end loop;
  return (select s.opened_at from public.reply_spans s where s.conversation_id = p_conversation.id and s.outcome is null);
end;
$$;
comment on function private.fold_spans(public.conversations, timestamptz) is
  'Tells the reply spans of a conversation anew from the last one that began before p_since. Returns since when somebody waits '
  'for an answer; null: nobody does. The caller holds the conversation, and sets its waiting_since.';
