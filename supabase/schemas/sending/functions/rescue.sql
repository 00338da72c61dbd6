-- Rescue: finds what a dead worker, a lost queue row or an unanswered POST left behind. An unknown send is never retried blindly:
-- Twilio is asked twice, at least 10 minutes apart, before it is safe to retry.

create function private.queued_message_ids()
returns setof uuid
language sql
stable
set search_path = ''
as $$
  select (q.message ->> 'message_id')::uuid from pgmq.q_sends q
  union all
  select (q.message ->> 'message_id')::uuid from pgmq.q_replies q;
$$;
comment on function private.queued_message_ids() is 'The ids of messages that have a queue row.';

create function private.give_up_look(p_attempt_id uuid, p_reason text, p_now timestamptz default now())
returns void
language plpgsql
security definer
set search_path = ''
as $$
begin
  perform private.ask_a_person(m.id, p_reason, p_now)
  from public.send_attempts a join public.messages m on m.id = a.message_id and m.attempt_id = a.id
  where a.id = p_attempt_id and a.outcome = 'unknown';
  update public.send_attempts a set next_look_at = null where a.id = p_attempt_id and a.outcome = 'unknown';
end;
$$;
comment on function private.give_up_look(uuid, text, timestamptz) is
  'Leaves an unknown attempt to a person, because Twilio''s list does not settle it (several candidates). Security definer: the '
  'worker may not write these tables.';
grant execute on function private.give_up_look(uuid, text, timestamptz) to worker;
