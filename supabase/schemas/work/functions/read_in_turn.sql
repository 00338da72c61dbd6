create function private.read_in_turn(p_queue text, p_visibility_seconds integer)
returns pgmq.message_record
language plpgsql
set search_path = ''
-- Forces the index of organisation and time, whatever the statistics say: a queue that is empty now may have thousands of
-- messages a minute later.
set enable_seqscan = off
set enable_bitmapscan = off
as $$
declare
  -- A variable, because an index can't be searched for a volatile function such as clock_timestamp().
  v_now timestamptz := clock_timestamp();
  v_clock double precision;
  v_candidate record;
  v_message pgmq.message_record;
begin
  if p_queue not in ('builds', 'imports', 'jobs', 'file_removals', 'lookups', 'enrichments', 'media') then
    raise exception 'no such queue: %', p_queue;
  end if;
  -- The queue's clock is where the latest turn began. An organisation that had nothing to do begins there too: it does not save
  -- up the time it did not use.
  v_clock := coalesce((select t.began from private.work_turns t where t.queue = p_queue order by t.began desc limit 1), 0);
  -- Skips from one organisation to the next, and reads only the oldest due message of each, not the thousands that one may have.
  -- It compares rows: with organisation = value, the planner could choose the index of vt alone and read all of it.
  for v_candidate in execute format(
    'with recursive orgs (org) as (
       (select coalesce(q.message ->> ''org_id'', '''') from pgmq.q_%1$s q
        order by coalesce(q.message ->> ''org_id'', '''') limit 1)
       union all
       select (select coalesce(q.message ->> ''org_id'', '''') from pgmq.q_%1$s q
         where coalesce(q.message ->> ''org_id'', '''') > o.org order by coalesce(q.message ->> ''org_id'', '''') limit 1)
       from orgs o where o.org is not null
     )
     select o.org, private.uuid_or_null(o.org) as org_id, greatest(t.ends, $1) as began
     from orgs o
     cross join lateral (
       select q.vt from pgmq.q_%1$s q
       where (coalesce(q.message ->> ''org_id'', ''''), q.vt) >= (o.org, ''-infinity'')
         and (coalesce(q.message ->> ''org_id'', ''''), q.vt) <= (o.org, $2)
       order by coalesce(q.message ->> ''org_id'', ''''), q.vt limit 1
     ) d
     left join private.work_turns t on t.queue = %1$L and t.org_id = private.uuid_or_null(o.org)
     order by greatest(t.ends, $1), t.ends nulls first, d.vt limit 20', p_queue) using v_clock, v_now
  loop
    -- If another worker is taking the oldest message, this takes the organisation's next one.
    execute format(
      'update pgmq.q_%1$s u set vt = clock_timestamp() + make_interval(secs => $3), read_ct = u.read_ct + 1
       where u.msg_id = (
         select q.msg_id from pgmq.q_%1$s q
         where (coalesce(q.message ->> ''org_id'', ''''), q.vt) >= ($1, ''-infinity'')
           and (coalesce(q.message ->> ''org_id'', ''''), q.vt) <= ($1, $2)
         order by coalesce(q.message ->> ''org_id'', ''''), q.vt limit 1 for update skip locked)
       returning u.msg_id, u.read_ct, u.enqueued_at, u.vt, u.message', p_queue)
    into v_message.msg_id, v_message.read_ct, v_message.enqueued_at, v_message.vt, v_message.message
    using v_candidate.org, v_now, p_visibility_seconds;
    continue when v_message.msg_id is null;
    if v_message.read_ct > 1 then
      perform pgmq.set_vt(p_queue, v_message.msg_id,
        least(p_visibility_seconds * power(2, least(v_message.read_ct - 1, 10)), greatest(p_visibility_seconds, 900))::integer);
    end if;
    -- The turn is charged one second until charge_turn gives the time it took. A deleted organisation has no turns.
    insert into private.work_turns as t (queue, org_id, began, ends)
    select p_queue, o.id, v_candidate.began, v_candidate.began + 1 from public.orgs o where o.id = v_candidate.org_id
    on conflict (queue, org_id) do update set began = excluded.began, ends = greatest(t.ends, excluded.began) + 1;
    return v_message;
  end loop;
  return null;
end;
$$;
comment on function private.read_in_turn(text, integer) is
  'Reads one due message of a queue, of the organisation whose turn ends first (private.work_turns): after a message that took 5 '
  'seconds, an organisation waits until the others have used as much. Null if no message is due. The message becomes visible '
  'again after p_visibility_seconds, and after twice as long each time it is read again (15 minutes at most). read_ct is '
  'committed with the read, so it also counts reads whose work never ended.';
