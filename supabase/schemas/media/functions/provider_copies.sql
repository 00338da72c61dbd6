-- Twilio's own copies of the files of an erased person.

create function private.forget_provider_media(p_org_id uuid, p_message_ids uuid[])
returns void
language plpgsql
set search_path = ''
as $$
begin
  perform private.send_work('media', p_org_id, jsonb_build_object('message_sid', m.provider_sid, 'tries', 0))
  from public.messages m
  where m.id = any (p_message_ids) and m.has_media and m.provider_sid ~ '^(MM|SM)[0-9a-f]{32}$';
end;
$$;
comment on function private.forget_provider_media(uuid, uuid[]) is
  'Queues the deletion of Twilio''s copies of the files of these messages, in and out.';

create function private.settle_provider_media(p_work_id bigint, p_org_id uuid, p_message_sid text, p_tries integer,
  p_is_deleted boolean)
returns void
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_delays constant integer[] := '{60, 300, 1800, 7200, 21600, 21600, 21600, 21600, 21600, 21600}';
begin
  if pgmq.delete('media', p_work_id) and not p_is_deleted and p_tries < cardinality(v_delays) then
    perform private.send_work('media', p_org_id, jsonb_build_object('message_sid', p_message_sid, 'tries', p_tries + 1),
      v_delays[p_tries + 1]);
  end if;
end;
$$;
comment on function private.settle_provider_media(bigint, uuid, text, integer, boolean) is
  'Ends the deletion of Twilio''s copies, or queues it again: ten times at most, within a day and a half. Security definer: the '
  'worker may not write the queue.';
grant execute on function private.settle_provider_media(bigint, uuid, text, integer, boolean) to worker;
