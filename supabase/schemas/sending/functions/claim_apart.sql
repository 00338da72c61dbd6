-- A message that can't be claimed must not hold up others. Claims are made together as usual; only if that raises are the
-- messages of each organisation claimed separately.

create function private.give_up_claim(p_message_id uuid, p_error text, p_now timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
declare
  v_message public.messages;
begin
  perform 1 from public.campaign_targets t
  where t.id = (select m.campaign_target_id from public.messages m where m.id = p_message_id) for no key update;
  update public.messages m
  set status = 'failed', settled_at = p_now, updated_at = p_now,
      error_message = left('It could not be taken out of the queue in five tries, and was not sent: ' || p_error, 1000),
      needs_attention = case when m.kind <> 'campaign'
        then 'Not sent: it could not be taken out of the queue in five tries. Write it again if it is still wanted.' end
  where m.id = p_message_id and m.status = 'queued'
  returning * into v_message;
  if not found then
    return;
  end if;
  update public.campaign_targets t
  set state = 'failed', reason = 'error', updated_at = p_now,
      needs_attention = 'Its message could not be taken out of the queue in five tries, and was not sent.'
  where t.id = v_message.campaign_target_id and t.message_id = v_message.id;
  perform private.refund_usage(array[p_message_id]);
  perform private.clear_failure('claim', p_message_id, p_now);
  perform private.raise_alert(v_message.org_id, 'message_set_aside', 'warning',
    'A message could not be taken out of the queue in five tries, and was not sent. Other messages continue. Find out what is '
    'wrong with the message or its number, campaign or text, correct it, and write to the person again.',
    v_message.campaign_id, null, jsonb_build_object('message_id', p_message_id, 'error', p_error));
end;
$$;
comment on function private.give_up_claim(uuid, text, timestamptz) is
  'Fails a queued message that could not be claimed in five tries: its target gets the reason, the daily caps are refunded, and '
  'the alert message_set_aside is raised.';

create function private.fail_claim(p_message_id uuid, p_org_id uuid, p_queue text, p_error text, p_now timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
declare
  v_tries integer;
begin
  select f.tries + 1 into v_tries from private.work_failures f where f.kind = 'claim' and f.item = p_message_id;
  if coalesce(v_tries, 1) >= 5 then
    begin
      perform private.give_up_claim(p_message_id, p_error, p_now);
      return;
    exception when query_canceled or others then
      raise warning 'message % can neither be claimed nor given up: % (%)', p_message_id, sqlerrm, sqlstate;
    end;
  end if;
  v_tries := private.note_failure('claim', p_message_id, p_org_id, p_error, p_now);
  perform private.put_back(p_queue, array[p_message_id], case when v_tries >= 5 then 3600
    else (10 * power(2, v_tries - 1))::integer end);
end;
$$;
comment on function private.fail_claim(uuid, uuid, text, text, timestamptz) is
  'Counts a failed claim of a message. The message is queued again for after 10, 20, 40 and 80 s, and given up at the fifth try. '
  'If even that fails, it is tried once an hour.';
