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
  v_replies integer;
  v_ids bigint[];
  v_messages uuid[];
begin
  -- How many of them are replies, which organisation is first by chance: a slow worker asks for one or two. An organisation's go
  -- before its own campaigns' messages, not before those of others.
  select count(*) filter (where c.rank = 1) into v_replies
  from (
    select t.rank from (
      select d.rank, d.msg_id, row_number() over (partition by m.org_id order by d.rank, d.msg_id) as n
      from (
        (select 1 as rank, q.msg_id, q.message from pgmq.q_replies q where q.vt <= clock_timestamp() order by q.msg_id
          limit 10000)
        union all
        (select 2, q.msg_id, q.message from pgmq.q_sends q where q.vt <= clock_timestamp() order by q.msg_id limit 10000)
      ) d
      left join public.messages m on m.id = (d.message ->> 'message_id')::uuid
    ) t
    order by t.n, random() limit p_limit
  ) c;
  -- Replies first. Queue rows are deleted at once: the message row is the only truth, and rescue re-queues what lost its row.
  foreach v_queue in array array['replies', 'sends'] loop
    continue when v_left <= 0 or (v_queue = 'replies' and v_replies = 0);
    -- The first of each organisation, then the second of each, and so on. A plan keeps an organisation's under 1,000, so that
    -- 10,000 show many of them.
    execute format(
      'select array_agg(t.msg_id order by t.n, t.msg_id), array_agg(t.message_id order by t.n, t.msg_id)
       from (
         select x.msg_id, r.message_id, r.n
         from (
           select d.msg_id, d.message_id, row_number() over (partition by m.org_id order by d.msg_id) as n
           from (
             select q.msg_id, (q.message ->> ''message_id'')::uuid as message_id
             from pgmq.q_%1$s q where q.vt <= clock_timestamp() order by q.msg_id limit 10000
           ) d
           left join public.messages m on m.id = d.message_id
         ) r
         join pgmq.q_%1$s x on x.msg_id = r.msg_id
         order by r.n, random() limit $1 for update of x skip locked
       ) t', v_queue)
    into v_ids, v_messages using case v_queue when 'replies' then v_replies else v_left end;
    continue when v_ids is null;
    perform pgmq.delete(v_queue, v_ids);
    v_left := v_left - cardinality(v_ids);
    return query select m, v_queue from unnest(v_messages) with ordinality as u(m, n) order by u.n;
  end loop;
end;
$$;
comment on function private.take_queued(integer) is
  'Takes up to p_limit due messages off the queues, the first of each organisation before the second of any, and of an '
  'organisation its replies first.';

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
