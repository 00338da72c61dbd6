-- Messages of the queues that are read in turns. Each contains its organisation (org_id) and the id of its subject.

create function private.send_work(p_queue text, p_org_id uuid, p_message jsonb, p_delay_seconds integer default 0)
returns void
language sql
set search_path = ''
as $$
  select pgmq.send(p_queue, jsonb_build_object('org_id', p_org_id) || p_message, p_delay_seconds);
$$;
comment on function private.send_work(text, uuid, jsonb, integer) is
  'Queues work of an organisation, due after p_delay_seconds. private.read_in_turn finds it by the organisation.';

create function private.drop_work(p_queue text, p_key text, p_id uuid)
returns void
language plpgsql
set search_path = ''
as $$
begin
  -- A message that a worker is claiming is skipped: the worker may be waiting for rows that the caller has locked, so waiting for
  -- it could deadlock. The worker will find that there is nothing to do.
  execute format(
    'delete from pgmq.q_%1$s d where d.msg_id in (
       select q.msg_id from pgmq.q_%1$s q where q.message ->> %2$L = $1 for update skip locked)', p_queue, p_key)
  using p_id::text;
end;
$$;
comment on function private.drop_work(text, text, uuid) is
  'Removes from a queue the message about an item that is no longer to be worked on. p_key is the key of the item''s id in the '
  'message. A message that a worker is claiming stays; that worker removes it.';
