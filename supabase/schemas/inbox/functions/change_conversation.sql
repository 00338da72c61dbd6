create function private.change_conversation(p_conversation public.conversations, p_change jsonb, p_now timestamptz)
returns boolean
language plpgsql
set search_path = ''
as $$
declare
  v_former constant public.conversations := p_conversation;
  v_new public.conversations := p_conversation;
  v_is_labeled boolean := false;
begin
  if p_change ? 'is_read' then
    v_new.unread_count := case when (p_change ->> 'is_read')::boolean then 0 else greatest(v_former.unread_count, 1) end;
  end if;
  v_new.is_starred := coalesce((p_change ->> 'is_starred')::boolean, v_former.is_starred);
  if p_change ? 'snoozed_until' then
    v_new.status := 'snoozed';
    v_new.snoozed_until := (p_change ->> 'snoozed_until')::timestamptz;
  elsif p_change ? 'status' then
    v_new.status := p_change ->> 'status';
    v_new.snoozed_until := null;
  end if;
  if (v_new.status, v_new.snoozed_until) is distinct from (v_former.status, v_former.snoozed_until) then
    perform private.record_conversation_event(v_former, case v_new.status when 'active' then 'reopened' else v_new.status end,
      jsonb_strip_nulls(jsonb_build_object('until', v_new.snoozed_until)), p_now);
  end if;
  if p_change ? 'assignee_id' then
    v_new.assignee_id := p_change ->> 'assignee_id';
    if v_new.assignee_id is distinct from v_former.assignee_id then
      v_new.assigned_at := case when v_new.assignee_id is not null then p_now end;
      v_new.is_auto_assigned := false;
      v_new.returns_at := null;
      perform private.record_conversation_event(v_former, case when v_new.assignee_id is null then 'unassigned' else 'assigned'
        end,
        jsonb_strip_nulls(jsonb_build_object('to', v_new.assignee_id, 'from', v_former.assignee_id)), p_now);
    end if;
  end if;
  if p_change ? 'label_ids' then
    v_is_labeled := private.label_conversation(v_former, private.filter_ids(p_change, 'label_ids'), array(
      select x.label_id from public.conversation_labels x
      where x.conversation_id = v_former.id and x.label_id <> all (coalesce(private.filter_ids(p_change, 'label_ids'), '{}'))),
      'label_ids', p_now);
  end if;
  v_is_labeled := private.label_conversation(v_former, coalesce(private.filter_ids(p_change, 'add_label_ids'), '{}'),
    coalesce(private.filter_ids(p_change, 'remove_label_ids'), '{}'), 'add_label_ids', p_now) or v_is_labeled;
  if p_change ? 'dismiss' and v_former.waiting_since is not null then
    perform private.record_conversation_event(v_former, 'dismissed', '{}', p_now);
    v_new.waiting_since := private.fold_spans(v_new, p_now);
    v_new := private.set_clocks(v_new, v_former, p_now);
  end if;
  if v_new.status in ('archived', 'deleted') then
    -- Somebody has decided about it: nothing happens by itself until the person writes.
    v_new.hot_due_at := null;
    v_new.escalates_at := null;
    v_new.escalated_at := null;
    v_new.returns_at := null;
  end if;
  -- Labels are not in the row; who watches the inbox hears of them by it.
  if v_new is distinct from v_former or v_is_labeled then
    update public.conversations c
    set unread_count = v_new.unread_count, is_starred = v_new.is_starred, status = v_new.status,
      snoozed_until = v_new.snoozed_until, assignee_id = v_new.assignee_id, assigned_at = v_new.assigned_at,
      is_auto_assigned = v_new.is_auto_assigned, waiting_since = v_new.waiting_since, hot_due_at = v_new.hot_due_at,
      escalates_at = v_new.escalates_at, escalated_at = v_new.escalated_at, returns_at = v_new.returns_at
    where c.id = v_former.id;
  end if;
  return v_former.escalated_at is not null and v_new.escalated_at is null;
end;
$$;
comment on function private.change_conversation(public.conversations, jsonb, timestamptz) is
  'Changes one conversation as private.conversation_change_shape says, with its events. Returns whether an interested person is '
  'no longer overdue: then the caller calls private.tell_hot_waiting, at its end. The caller holds the conversation and has '
  'checked the change.';

create function private.claim_conversation(p_id uuid, p_is_claimed boolean, p_now timestamptz default now())
returns void
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_conversation public.conversations := private.own_conversation(private.require_role('operator'), p_id);
begin
  if v_conversation.claimed_by <> auth.uid() and v_conversation.claimed_until > p_now then
    perform private.refuse_claimed(v_conversation);
  elsif p_is_claimed then
    update public.conversations c set claimed_by = auth.uid(), claimed_until = p_now + interval '120 seconds' where c.id = p_id;
  else
    update public.conversations c set claimed_by = null, claimed_until = null
    where c.id = p_id and c.claimed_by is not null;
  end if;
end;
$$;
comment on function private.claim_conversation(uuid, boolean, timestamptz) is
  'Says that the signed-in person is writing an answer, for 120 seconds (again: anew), or no longer. Raises PT409 '
  'conversation_claimed if somebody else is. Needs operator. Raises PT403, PT404. Security definer: users may not write '
  'conversations.';
grant execute on function private.claim_conversation(uuid, boolean, timestamptz) to authenticated;

create function public.claim_conversation(p_id uuid, p_is_claimed boolean default true) returns void
  language sql set search_path = '' as $$ select private.claim_conversation(p_id, coalesce(p_is_claimed, true)); $$;
comment on function public.claim_conversation(uuid, boolean) is
  'Calls the private function of the same name, which checks role and organisation, with the current time.';
grant execute on function public.claim_conversation(uuid, boolean) to authenticated;
