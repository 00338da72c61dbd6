-- Claiming: the last look before Twilio is called. Two statements on purpose: one that locks, then one that re-checks with a
-- fresh snapshot. (One statement that does both sees the world before its locks, and was measured to claim after a committed
-- opt-out.) The caller must commit before it posts anything: the attempt is what survives a crash.

create function private.put_back(p_queue text, p_message_ids uuid[], p_delay_seconds integer)
returns void
language plpgsql
set search_path = ''
as $$
begin
  if cardinality(p_message_ids) > 0 then
    perform pgmq.send_batch(p_queue, array(select jsonb_build_object('message_id', m) from unnest(p_message_ids) m),
      p_delay_seconds);
  end if;
end;
$$;
comment on function private.put_back(text, uuid[], integer) is 'Queues messages again, visible after a delay in seconds.';

create function private.take_queued(p_limit integer)
returns table (message_id uuid, queue text)
language plpgsql
set search_path = ''
as $$
declare
  v_queue text;
  v_left integer := p_limit;
  v_ids bigint[];
  v_messages uuid[];
begin
  -- Replies first. Queue rows are deleted at once: the message row is the only truth, and rescue re-queues what lost its row.
  foreach v_queue in array array['replies', 'sends'] loop
    exit when v_left <= 0;
    select array_agg(r.msg_id), array_agg((r.message ->> 'message_id')::uuid order by r.msg_id)
    into v_ids, v_messages
    from pgmq.read(v_queue, 30, v_left) r;
    continue when v_ids is null;
    perform pgmq.delete(v_queue, v_ids);
    v_left := v_left - cardinality(v_ids);
    return query select m, v_queue from unnest(v_messages) m;
  end loop;
end;
$$;
comment on function private.take_queued(integer) is 'Takes up to p_limit due messages off the queues, replies first.';

create function private.drop_claims(p_messages uuid[], p_states public.target_state[], p_reasons text[], p_until timestamptz[],
  p_now timestamptz default now())
returns void
language plpgsql
set search_path = ''
as $$
begin
  update public.messages m set status = 'canceled', error_message = x.reason, settled_at = p_now, updated_at = p_now
  from unnest(p_messages, p_reasons) as x(id, reason) where m.id = x.id;
  update public.campaign_targets t
  set state = x.state, reason = case when x.state = 'waiting' then null else x.reason end, message_id = null,
      attempts = greatest(t.attempts - 1, 0), not_before = greatest(t.not_before, x.until), updated_at = p_now
  from unnest(p_messages, p_states, p_reasons, p_until) as x(id, state, reason, until)
  join public.messages m on m.id = x.id and m.kind = 'campaign'
  where t.id = m.campaign_target_id and t.message_id = m.id;
  perform private.refund_usage(p_messages);
end;
$$;
comment on function private.drop_claims(uuid[], public.target_state[], text[], timestamptz[], timestamptz) is
  'Cancels messages that failed the re-check: their targets wait again, are excluded or canceled, and the daily caps are '
  'refunded.';

create function private.claim_sends(
  p_worker_id uuid,
  p_limit integer,
  p_twilio_is_loopback boolean,
  p_now timestamptz default null,
  p_worker_free_in_ms double precision default 0,
  p_worker_spacing_ms double precision default 0
)
returns setof private.claimed_send
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_taken uuid[];
begin
  -- A queue row may exist twice (rescue errs on that side); the message comes once, where it came first.
  select array_agg(x.message_id order by x.n) into v_taken
  from (
    select distinct on (t.message_id) t.message_id, t.n
    from private.take_queued(p_limit) with ordinality as t(message_id, queue, n) order by t.message_id, t.n
  ) x;
  if v_taken is null then
    return;
  end if;
  return query
  select * from private.claim_messages(v_taken, p_worker_id, p_twilio_is_loopback, p_now, p_worker_free_in_ms,
    p_worker_spacing_ms);
end;
$$;
comment on function private.claim_sends(uuid, integer, boolean, timestamptz, double precision, double precision) is
  'Claims up to p_limit due messages for a worker: locks, re-checks, gives each a slot at most 1 s ahead, writes its attempt. '
  'p_now null: the clock, read after the locks. Slots begin p_worker_free_in_ms from then and are p_worker_spacing_ms apart at '
  'least: the worker''s own pace, beside those of numbers, campaigns and organisations. The caller commits before it posts. '
  'Definer: the worker may not read or write these tables. Raises where one message cannot be claimed: then claim_sends_apart.';
grant execute on function private.claim_sends(uuid, integer, boolean, timestamptz, double precision, double precision) to worker;
