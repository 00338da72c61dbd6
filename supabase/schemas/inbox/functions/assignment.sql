-- Who gets a conversation by itself.

create function private.choose_assignee(p_conversation public.conversations, p_except uuid, p_now timestamptz)
returns uuid
language plpgsql
set search_path = ''
as $$
declare
  v_org public.orgs;
  v_last uuid;
  v_chosen uuid;
begin
  select * into v_org from public.orgs o where o.id = p_conversation.org_id;
  if v_org.assignment = 'off' then
    return null;
  end if;
  insert into private.assignment_turns (org_id) values (v_org.id) on conflict do nothing;
  select t.last_user_id into v_last from private.assignment_turns t where t.org_id = v_org.id for no key update;
  -- A statement of its own: it sees what the assignment before this lock chose. Who is being removed is locked, and passed over.
  select u.id into v_chosen
  from public.users u
  cross join lateral (
    select count(*) as count from (
      select from public.conversations c where c.org_id = v_org.id and c.assignee_id = u.id and c.status = 'active'
        limit v_org.max_open) x) o
  where u.org_id = v_org.id and u.is_available and u.role >= 'operator' and u.id is distinct from p_except
    and o.count < v_org.max_open and not exists (select from auth.users b where b.id = u.id and b.banned_until > p_now)
  order by (u.id = (
      -- Who answered this person last knows them.
      select s.answered_by from public.reply_spans s
      where s.conversation_id = p_conversation.id and s.outcome = 'answered' order by s.closed_at desc limit 1)) is true desc,
    case when v_org.assignment = 'least_open' then o.count end, (v_last is null or u.id > v_last) desc, u.id
  limit 1 for key share of u skip locked;
  if v_chosen is not null then
    update private.assignment_turns t set last_user_id = v_chosen where t.org_id = v_org.id;
  end if;
  return v_chosen;
end;
$$;
comment on function private.choose_assignee(public.conversations, uuid, timestamptz) is
  'Who gets a conversation by the organisation''s rule (round_robin, least_open), among those who are available, not banned, '
  'may answer, and have fewer than max_open active conversations; who answered the person last comes first. p_except: not this '
  'person. Null if the rule is off or nobody is free.';

create function private.give_conversation(p_conversation public.conversations, p_except uuid, p_event text, p_now timestamptz)
returns public.conversations
language plpgsql
set search_path = ''
as $$
declare
  v_org public.orgs;
  v_former uuid := p_conversation.assignee_id;
  v_conversation public.conversations := p_conversation;
begin
  select * into v_org from public.orgs o where o.id = p_conversation.org_id;
  if v_org.assignment = 'off' then
    v_conversation.returns_at := null;
    return v_conversation;
  end if;
  v_conversation.assignee_id := private.choose_assignee(p_conversation, p_except, p_now);
  if v_conversation.assignee_id is null and p_event = 'hot_overdue' then
    -- Nobody else is free: better somebody who is late than nobody.
    return p_conversation;
  end if;
  v_conversation.is_auto_assigned := v_conversation.assignee_id is not null;
  v_conversation.assigned_at := case when v_conversation.assignee_id is not null then p_now end;
  -- If nobody is free, the rule looks again later.
  v_conversation.returns_at := case when v_conversation.assignee_id is null then p_now + interval '15 minutes'
    when v_org.return_minutes > 0 then private.after_reply_seconds(v_org, p_now, v_org.return_minutes * 60) end;
  if p_event = 'returned' and v_former is not null then
    perform private.record_conversation_event(p_conversation, 'returned', jsonb_build_object('from', v_former), p_now);
  end if;
  if v_conversation.assignee_id is not null then
    perform private.record_conversation_event(p_conversation, 'assigned', jsonb_strip_nulls(jsonb_build_object(
      'to', v_conversation.assignee_id, 'from', v_former)), p_now);
  end if;
  return v_conversation;
end;
$$;
comment on function private.give_conversation(public.conversations, uuid, text, timestamptz) is
  'Gives a conversation to whom the rule chooses, as events of the conversation, and returns it as it is to be stored; unchanged '
  'if the rule is off. p_event: why (inbound, returned, hot_overdue). The caller holds the conversation, and stores it.';
