-- Queues are read in turns: the next message is that of the organisation whose work took the least time, and one that is read
-- again and again, because whoever read it died, comes back later each time.

create function private.queue_is_due(p_queue text, p_within interval default '0')
returns boolean
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
  v_due boolean;
begin
  if p_queue not in ('sends', 'replies', 'builds', 'imports', 'jobs', 'lookups', 'enrichments') then
    raise exception 'no such queue: %', p_queue;
  end if;
  execute format('select exists (select 1 from pgmq.q_%s where vt <= clock_timestamp() + $1)', p_queue) into v_due using p_within;
  return v_due;
end;
$$;
comment on function private.queue_is_due(text, interval) is
  'Whether a queue has a message that is due within an interval. By exists: pgmq.metrics counts the whole queue. Definer: the '
  'worker may not read the queue.';
grant execute on function private.queue_is_due(text, interval) to service_role, worker;

create function private.uuid_or_null(p_text text)
returns uuid
language sql
immutable
set search_path = ''
as $$
  select case when p_text ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' then p_text::uuid end;
$$;
comment on function private.uuid_or_null(text) is
  'A text as the uuid it is, in lower case as Postgres writes it; null if it is none.';

create function private.read_in_turn(p_queue text, p_visibility_seconds integer)
returns pgmq.message_record
language plpgsql
set search_path = ''
as $$
declare
  v_org_of constant jsonb := jsonb_build_object(
    -- A message whose id is none is nobody's: an error here would keep every other from being read.
    'builds', '(select c.org_id from public.campaigns c where c.id = private.uuid_or_null(q.message ->> ''campaign_id''))',
    'imports', '(select i.org_id from public.imports i where i.id = private.uuid_or_null(q.message ->> ''import_id''))',
    -- Files to remove are named by their folder, which begins with the organisation.
    'jobs', '(select o.id from public.orgs o where o.id = coalesce(
      (select j.org_id from public.jobs j where j.id = private.uuid_or_null(q.message ->> ''job_id'')),
      private.uuid_or_null(split_part(q.message ->> ''remove_files'', ''/'', 1))))',
    'lookups', '(select l.org_id from private.call_lanes l where l.id = private.uuid_or_null(q.message ->> ''lane_id''))',
    'enrichments', '(select l.org_id from private.call_lanes l where l.id = private.uuid_or_null(q.message ->> ''lane_id''))');
  v_clock double precision;
  v_candidate record;
  v_message pgmq.message_record;
begin
  if not v_org_of ? p_queue then
    raise exception 'no such queue: %', p_queue;
  end if;
  -- The queue's clock stands where the latest turn began. Who had nothing to do begins there too: time not used is not saved up.
  v_clock := coalesce((select t.began from private.work_turns t where t.queue = p_queue order by t.began desc limit 1), 0);
  -- An organisation has some dozens of messages at most (private.limit_active_work), so that 2,000 show many of them.
  for v_candidate in execute format(
    'select d.message, d.org_id, greatest(t.ends, $1) as began
     from (
       select q.msg_id, q.message, %2$s as org_id
       from (select x.msg_id, x.message from pgmq.q_%1$s x where x.vt <= clock_timestamp() order by x.msg_id limit 2000) q
     ) d
     left join private.work_turns t on t.queue = %1$L and t.org_id = d.org_id
     order by greatest(t.ends, $1), t.ends nulls first, d.msg_id limit 20', p_queue, v_org_of ->> p_queue) using v_clock
  loop
    -- Another worker may have taken it meanwhile: then the next.
    select * into v_message from pgmq.read(p_queue, p_visibility_seconds, 1, v_candidate.message);
    continue when v_message.msg_id is null;
    if v_message.read_ct > 1 then
      perform pgmq.set_vt(p_queue, v_message.msg_id,
        least(p_visibility_seconds * power(2, least(v_message.read_ct - 1, 10)), greatest(p_visibility_seconds, 900))::integer);
    end if;
    if v_candidate.org_id is not null then
      -- A second for now, also if nobody ever tells what it took: see charge_turn.
      insert into private.work_turns as t (queue, org_id, began, ends)
      values (p_queue, v_candidate.org_id, v_candidate.began, v_candidate.began + 1)
      on conflict (queue, org_id) do update set began = excluded.began, ends = greatest(t.ends, excluded.began) + 1;
    end if;
    return v_message;
  end loop;
  return null;
end;
$$;
comment on function private.read_in_turn(text, integer) is
  'Reads one due message of a queue, of the organisation whose turn ends first (private.work_turns): who used 5 seconds comes '
  'after those who used half a second ten times. Null if none is due. It becomes visible again after p_visibility_seconds, '
  'after twice as long each time it is read again (15 minutes at most): read_ct counts, committed with the read, what began and '
  'never ended.';

create function private.charge_turn(p_queue text, p_org_id uuid, p_seconds double precision)
returns void
language sql
security definer
set search_path = ''
as $$
  update private.work_turns t set ends = greatest(t.ends - 1 + least(greatest(p_seconds, 0), 3600), t.began)
  where t.queue = p_queue and t.org_id = p_org_id;
$$;
comment on function private.charge_turn(text, uuid, double precision) is
  'Counts what a message that read_in_turn gave took, p_seconds (an hour at most), in place of the second that it was read for. '
  'Called once it is done or failed. Definer: the worker may not write this table.';
grant execute on function private.charge_turn(text, uuid, double precision) to worker;
