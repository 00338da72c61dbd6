-- Claiming: the last check before Twilio is called. It takes two statements on purpose: the first locks, the second checks again
-- with a fresh snapshot. (One statement that does both sees the data from before its locks, and was measured to claim after a
-- committed opt-out.) The caller must commit before it posts anything: the attempt is what survives a crash.

create function private.put_back(p_queue text, p_message_ids uuid[], p_delay_seconds integer)
returns void
language plpgsql
set search_path = ''
as $$
begin
  if cardinality(p_message_ids) > 0 then
    perform pgmq.send_batch(p_queue, array(
      select jsonb_build_object('message_id', u.id, 'org_id', m.org_id)
      from unnest(p_message_ids) with ordinality u (id, n) join public.messages m on m.id = u.id order by u.n), p_delay_seconds);
  end if;
end;
$$;
comment on function private.put_back(text, uuid[], integer) is 'Queues messages again, visible after p_delay_seconds.';

create function private.take_queued(p_limit integer)
returns table (message_id uuid, queue text)
language plpgsql
set search_path = ''
as $$
declare
  v_replies bigint[];
  v_sends bigint[];
  v_share integer;
  v_ids bigint[];
  v_messages uuid[];
begin
  -- The first message of each organisation, then the second of each, and so on; its replies before its sends. Chance decides
  -- which organisation is first: a slow worker claims one or two. A plan keeps fewer than 1,000 of an organisation queued, so
  -- 10,000 show many. Reads four times as many as asked for, because other workers hold some.
  select (array_agg(d.msg_id order by d.n, d.chance) filter (where d.rank = 1))[:4 * p_limit],
    (array_agg(d.msg_id order by d.n, d.chance) filter (where d.rank = 2))[:4 * p_limit],
    count(*) filter (where d.rank = 1 and d.place <= p_limit)
  into v_replies, v_sends, v_share
  from (
    select t.*, row_number() over (order by t.n, t.chance) as place
    from (
      select q.msg_id, q.rank, random() as chance, row_number() over (partition by q.org_id order by q.rank, q.msg_id) as n
      from (
        (select 1 as rank, r.msg_id, r.message ->> 'org_id' as org_id from pgmq.q_replies r
         where r.vt <= clock_timestamp() order by r.msg_id limit 10000)
        union all
        (select 2, s.msg_id, s.message ->> 'org_id' from pgmq.q_sends s
         where s.vt <= clock_timestamp() order by s.msg_id limit 10000)
      ) q
    ) t
  ) d;
  -- Queue rows are deleted at once: only the row of the message counts, and rescue queues a message again that has lost its queue
  -- row.
  if v_share > 0 then
    select array_agg(x.msg_id order by x.o), array_agg(x.message_id order by x.o) into v_ids, v_messages
    from (
      select q.msg_id, (q.message ->> 'message_id')::uuid as message_id, u.o
      from unnest(v_replies) with ordinality u (id, o) join pgmq.q_replies q on q.msg_id = u.id
      order by u.o limit v_share for update of q skip locked
    ) x;
    if v_ids is not null then
      perform pgmq.delete('replies', v_ids);
      return query select m, 'replies' from unnest(v_messages) with ordinality as u(m, n) order by u.n;
    end if;
  end if;
  if v_share < p_limit and v_sends is not null then
    select array_agg(x.msg_id order by x.o), array_agg(x.message_id order by x.o) into v_ids, v_messages
    from (
      select q.msg_id, (q.message ->> 'message_id')::uuid as message_id, u.o
      from unnest(v_sends) with ordinality u (id, o) join pgmq.q_sends q on q.msg_id = u.id
      order by u.o limit p_limit - v_share for update of q skip locked
    ) x;
    if v_ids is not null then
      perform pgmq.delete('sends', v_ids);
      return query select m, 'sends' from unnest(v_messages) with ordinality as u(m, n) order by u.n;
    end if;
  end if;
end;
$$;
comment on function private.take_queued(integer) is
  'Takes up to p_limit due messages from the queues: the first of each organisation before the second of any, and an '
  'organisation''s replies first. A message in a queue contains message_id and org_id.';

create function private.why_not_sent(p_verdict text)
returns text
language sql
immutable
set search_path = ''
as $$
  select 'Not sent: ' || case p_verdict
    when 'quiet_hours' then 'its lawful hours ended first. Write again when they begin.'
    when 'new_day' then 'the day ended first, whose daily caps it was charged to. Write again.'
    when 'daily_limit' then 'the person got as many texts in 24 hours as their state allows. Write again later.'
    when 'number_inactive' then 'its number was paused first. Write again, and another number is chosen.'
    when 'held' then 'the person wrote something that must be read first. Review it, then write again.'
    when 'do_not_contact' then 'a lead with this phone was set to do_not_contact first.'
    when 'no_consent' then 'the consent of a lead with this phone was denied first.'
  end;
$$;
comment on function private.why_not_sent(text) is
  'What the author of a direct text is told if the last check before its posting stopped it; null after an opt-out.';

create function private.drop_claims(p_messages uuid[], p_states public.target_state[], p_reasons text[], p_until timestamptz[],
  p_now timestamptz default now())
returns void
language plpgsql
set search_path = ''
as $$
begin
  update public.messages m
  set status = 'canceled', error_message = x.reason, settled_at = p_now, updated_at = p_now,
    needs_attention = case m.kind when 'direct' then private.why_not_sent(x.reason) else m.needs_attention end
  from unnest(p_messages, p_reasons) as x(id, reason) where m.id = x.id;
  update public.campaign_targets t
  set state = case when x.state = 'excluded' and t.step > 1 then 'canceled' else x.state end,
      reason = case when x.state = 'waiting' then null else x.reason end, message_id = null,
      attempts = greatest(t.attempts - 1, 0), not_before = greatest(t.not_before, x.until), updated_at = p_now
  from unnest(p_messages, p_states, p_reasons, p_until) as x(id, state, reason, until)
  join public.messages m on m.id = x.id and m.kind = 'campaign'
  where t.id = m.campaign_target_id and t.message_id = m.id;
  perform private.refund_usage(p_messages);
end;
$$;
comment on function private.drop_claims(uuid[], public.target_state[], text[], timestamptz[], timestamptz) is
  'Cancels messages that did not pass the check of a claim: their targets wait again, are excluded (later steps: canceled) '
  'or are canceled (p_states), and the daily caps are refunded.';

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
  -- A message may have two queue rows (rescue prefers that to none); it is claimed once, at its first place.
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
  'Claims up to p_limit due messages for a worker: locks and checks them, gives each a slot at most 1 s ahead, and writes its '
  'attempt. p_now null: the clock, read after the locks. Slots begin p_worker_free_in_ms after that and are at least '
  'p_worker_spacing_ms apart: this is the worker''s own pace, in addition to those of numbers, campaigns and organisations. The '
  'caller commits before it posts. Raises if one message can''t be claimed: then use claim_sends_apart. Security definer: the '
  'worker may not read or write these tables.';
grant execute on function private.claim_sends(uuid, integer, boolean, timestamptz, double precision, double precision) to worker;
