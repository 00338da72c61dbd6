create function private.claim_sends_apart(
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
  v_now timestamptz := coalesce(p_now, clock_timestamp());
  v_org record;
  v_message record;
  v_rows integer;
  v_claimed integer := 0;
  v_org_error text;
  v_failed uuid[];
  v_errors text[];
  v_tried integer;
  v_is_slow boolean := false;
begin
  perform set_config('lock_timeout', '5s', true);
  for v_org in
    select m.org_id, array_agg(x.message_id order by x.n) as ids, array_agg(x.queue order by x.n) as queues
    from (
      select distinct on (t.message_id) t.message_id, t.queue, t.n
      from private.take_queued(p_limit) with ordinality as t(message_id, queue, n) order by t.message_id, t.n
    ) x
    join public.messages m on m.id = x.message_id and m.status = 'queued'
    group by m.org_id order by m.org_id
  loop
    v_org_error := null;
    v_is_slow := false;
    begin
      return query
      select * from private.claim_messages(v_org.ids, p_worker_id, p_twilio_is_loopback, p_now,
        p_worker_free_in_ms + v_claimed * p_worker_spacing_ms, p_worker_spacing_ms);
      get diagnostics v_rows = row_count;
      v_claimed := v_claimed + v_rows;
    exception when query_canceled or others then
      if sqlstate in ('40001', '40P01') then
        raise;
      end if;
      v_is_slow := sqlstate = '57014';
      v_org_error := format('%s (%s)', sqlerrm, sqlstate);
      raise warning 'messages of organisation % could not be claimed together: %', v_org.org_id, v_org_error;
    end;
    if v_org_error is null then
      perform private.clear_failure('claim', v_org.org_id, v_now);
      continue;
    end if;
    v_failed := '{}';
    v_errors := '{}';
    v_tried := 0;
    for v_message in select u.id, u.queue from unnest(v_org.ids, v_org.queues) as u(id, queue) loop
      -- The timeout of the statement does not start again: what is tried after it ran out could run without limit.
      exit when v_is_slow;
      begin
        return query
        select * from private.claim_messages(array[v_message.id], p_worker_id, p_twilio_is_loopback,
          p_now,
          p_worker_free_in_ms + v_claimed * p_worker_spacing_ms, p_worker_spacing_ms);
        get diagnostics v_rows = row_count;
        v_claimed := v_claimed + v_rows;
        perform private.clear_failure('claim', v_message.id, v_now);
      exception when query_canceled or others then
        if sqlstate in ('40001', '40P01') then
          raise;
        end if;
        v_failed := v_failed || v_message.id;
        v_errors := v_errors || format('%s (%s)', sqlerrm, sqlstate);
        v_is_slow := v_is_slow or sqlstate = '57014';
      end;
      v_tried := v_tried + 1;
      -- The cause is something that all messages share, so not every one needs to be tried.
      exit when v_tried = 10 and cardinality(v_failed) = 10;
    end loop;
    if v_is_slow or (cardinality(v_failed) = v_tried and cardinality(v_org.ids) > 1) then
      -- All of them need what fails, such as the account: the organisation's claims rest, and its messages wait.
      perform private.note_failure('claim', v_org.org_id, v_org.org_id, v_org_error, v_now);
      select ceil(extract(epoch from f.next_try_at - v_now))::integer into v_rows
      from private.work_failures f where f.kind = 'claim' and f.item = v_org.org_id;
      perform private.put_back('replies', array(select u.id from unnest(v_org.ids, v_org.queues) as u(id, queue)
        where u.queue = 'replies'), v_rows);
      perform private.put_back('sends', array(select u.id from unnest(v_org.ids, v_org.queues) as u(id, queue)
        where u.queue = 'sends'), v_rows);
      continue;
    end if;
    for v_message in
      select f.id, f.error, u.queue from unnest(v_failed, v_errors) as f(id, error)
        join unnest(v_org.ids, v_org.queues) as u(id, queue) on u.id = f.id
    loop
      perform private.fail_claim(v_message.id, v_org.org_id, v_message.queue, v_message.error, v_now);
    end loop;
  end loop;
end;
$$;
comment on function private.claim_sends_apart(uuid, integer, boolean, timestamptz, double precision, double precision) is
  'Like claim_sends, for when that raises. Claims the messages of each organisation separately, and if that fails, each message '
  'separately. A message that fails alone is counted and given up at the fifth try (fail_claim). If all messages of an '
  'organisation fail, they wait 10 s, then twice as long each time, and the organisation gets an alert. Security definer: the '
  'worker may not read or write these tables.';
grant execute on function private.claim_sends_apart(uuid, integer, boolean, timestamptz, double precision,
  double precision) to worker;
