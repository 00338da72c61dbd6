create function private.acting_person()
returns uuid
language plpgsql
stable
set search_path = ''
as $$
begin
  return coalesce(auth.uid(), nullif(current_setting('inbox.acting_person', true), '')::uuid);
end;
$$;
comment on function private.acting_person() is
  'Who changes conversations now: the signed-in person, or the one for whom a job does it; null: a rule.';

create function private.record_conversation_event(p_conversation public.conversations, p_event text, p_details jsonb,
  p_now timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
begin
  insert into public.conversation_events (org_id, conversation_id, event, actor_id, details, created_at)
  values (p_conversation.org_id, p_conversation.id, p_event, (
    select u.id from public.users u where u.id = private.acting_person() and u.org_id = p_conversation.org_id), p_details, p_now);
end;
$$;
comment on function private.record_conversation_event(public.conversations, text, jsonb, timestamptz) is
  'Adds to the events of a conversation what private.acting_person did; if that is nobody, a rule did it.';

create function private.prune_conversations(p_now timestamptz default now(), p_limit integer default 1000,
  p_org_id uuid default null)
returns integer
language plpgsql
set search_path = ''
as $$
declare
  v_events integer;
  v_texts integer;
begin
  delete from public.conversation_events e where e.id in (
    select x.id from public.conversation_events x
    where x.created_at < p_now - interval '2 years' and (p_org_id is null or x.org_id = p_org_id)
    order by x.created_at limit p_limit for update skip locked);
  get diagnostics v_events = row_count;
  delete from public.scheduled_texts s where s.id in (
    select x.id from public.scheduled_texts x
    where x.state <> 'waiting' and x.updated_at < p_now - interval '90 days' and (p_org_id is null or x.org_id = p_org_id)
    order by x.updated_at limit p_limit for update skip locked);
  get diagnostics v_texts = row_count;
  return v_events + v_texts;
end;
$$;
comment on function private.prune_conversations(timestamptz, integer, uuid) is
  'Deletes events of conversations that are older than two years, and scheduled texts that were sent, canceled or failed 90 days '
  'ago (their messages stay), p_limit of each at most; returns how many.';
