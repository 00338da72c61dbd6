create function private.set_clocks(p_conversation public.conversations, p_former public.conversations, p_now timestamptz)
returns public.conversations
language plpgsql
stable
set search_path = ''
as $$
declare
  v_org public.orgs;
  v_conversation public.conversations := p_conversation;
  v_is_new boolean := p_conversation.waiting_since is distinct from p_former.waiting_since;
begin
  if v_conversation.waiting_since is null then
    v_conversation.hot_due_at := null;
    v_conversation.escalates_at := null;
    v_conversation.escalated_at := null;
    v_conversation.returns_at := null;
    return v_conversation;
  elsif not v_is_new and (p_conversation.hot_since is null) = (p_former.hot_since is null) then
    return v_conversation;
  end if;
  select * into v_org from public.orgs o where o.id = v_conversation.org_id;
  v_conversation.hot_due_at := case when v_conversation.hot_since is not null
    then private.after_reply_seconds(v_org, p_now, v_org.hot_minutes * 60) end;
  v_conversation.escalates_at := null;
  v_conversation.escalated_at := null;
  if v_is_new then
    v_conversation.returns_at := case
      when v_conversation.is_auto_assigned and v_org.assignment <> 'off' and v_org.return_minutes > 0
      then private.after_reply_seconds(v_org, p_now, v_org.return_minutes * 60) end;
  end if;
  return v_conversation;
end;
$$;
comment on function private.set_clocks(public.conversations, public.conversations, timestamptz) is
  'A conversation with the clocks of hot leads and assignments as they must be after its waiting_since or heat changed from '
  'those of p_former: stopped if nobody waits, started anew for a new wait. Unchanged if neither changed.';
