-- Reply spans are a function of what happened, by the times at which it happened. So it does not matter in which order the
-- database learns of texts, receipts and reviews.

create function private.reply_facts(p_conversation public.conversations, p_from timestamptz)
returns table (at timestamptz, kind text, message_id uuid, author_id uuid, campaign_id uuid, class text)
language plpgsql
stable
set search_path = ''
as $$
begin
  return query
    select m.created_at,
      case when coalesce(m.reviewed_as, m.classification) = 'stop' then 'moot' else 'asked' end,
      m.id, null::uuid, m.campaign_id, coalesce(m.reviewed_as, m.classification)
    from public.messages m
    where m.conversation_id = p_conversation.id and m.created_at >= p_from and m.kind = 'inbound'
      and (coalesce(m.reviewed_as, m.classification) = 'stop' or private.is_reply(coalesce(m.reviewed_as, m.classification)))
    union all
    select coalesce(a.slot_at, m.sent_at, m.created_at), 'answered', m.id, m.author_id, null, null
    from public.messages m left join public.send_attempts a on a.id = m.attempt_id
    -- A text may wait for its number before it is posted.
    where m.conversation_id = p_conversation.id and m.created_at >= p_from - interval '2 days' and m.kind = 'direct'
      and m.status in ('sent', 'delivered') and coalesce(a.slot_at, m.sent_at, m.created_at) >= p_from
    union all
    select e.created_at, 'dismissed', null, null, null, null
    from public.conversation_events e
    where e.conversation_id = p_conversation.id and e.created_at >= p_from and e.event = 'dismissed'
    union all
    -- Every opt-out that there was, also one that a START has ended since.
    select r.recorded_at, 'moot', null, null, null, null
    from public.consent_records r
    where r.org_id = p_conversation.org_id and r.e164 = p_conversation.e164 and r.status = 'revoked' and r.recorded_at >= p_from
    order by 1, 2 desc, 3;
end;
$$;
comment on function private.reply_facts(public.conversations, timestamptz) is
  'What opens and closes the reply spans of a conversation since p_from, in order: asked (a text of the person that expects an '
  'answer), answered (a text of one of our people that was sent), dismissed, moot (an opt-out).';

create function private.settle_waiting(p_conversation_id uuid, p_since timestamptz, p_now timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
declare
  v_conversation public.conversations;
  v_new public.conversations;
begin
  select * into v_conversation from public.conversations c where c.id = p_conversation_id for no key update;
  if not found then
    return;
  end if;
  v_new := v_conversation;
  v_new.waiting_since := private.fold_spans(v_conversation, p_since);
  v_new := private.set_clocks(v_new, v_conversation, p_now);
  if v_new.waiting_since is distinct from v_conversation.waiting_since then
    update public.conversations c
    set waiting_since = v_new.waiting_since, hot_due_at = v_new.hot_due_at, escalates_at = v_new.escalates_at,
      escalated_at = v_new.escalated_at, returns_at = v_new.returns_at
    where c.id = p_conversation_id;
    if v_conversation.escalated_at is not null then
      perform private.tell_hot_waiting(v_conversation.org_id, p_now);
    end if;
  end if;
end;
$$;
comment on function private.settle_waiting(uuid, timestamptz, timestamptz) is
  'Folds the reply spans of a conversation since p_since and records whether somebody still waits, with the clocks that follow.';

create function private.fold_span_changes(p_conversation_id uuid, p_now timestamptz default now())
returns void
language plpgsql
set search_path = ''
as $$
declare
  v_since timestamptz;
begin
  with done as (
    delete from private.span_changes s where s.conversation_id = p_conversation_id returning s.since
  )
  select min(d.since) into v_since from done d;
  if v_since is not null then
    perform private.settle_waiting(p_conversation_id, v_since, p_now);
  end if;
end;
$$;
comment on function private.fold_span_changes(uuid, timestamptz) is
  'Folds what texts that were settled meanwhile mean for the reply spans of a conversation.';
