-- Written from supabase/schemas/work by npm run generate: change it there.

-- A function may call one that comes later.
set check_function_bodies = off;

-- schemas/work/types.sql

create type private.work_item as (item uuid, org_id uuid);
comment on type private.work_item is 'One item of a loop over organisations, campaigns or numbers, and whose it is.';

create type private.tick as (
  ends_at timestamptz,
  since timestamptz,
  is_resting boolean,
  task text,
  place smallint,
  items private.work_item[],
  done integer,
  part_ends_at timestamptz
);
comment on type private.tick is
  'How far a tick is: when it ends, when it last found nothing due, whether it rests now; its task, the part of it, the items '
  'of that part, how many of them are done, and from when on no further one is begun.';

-- schemas/work/triggers/active_work.sql

-- How much of one organisation's may be under way at once: what is more waits with its people, not in everybody's queue.

create function private.limit_rows()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_most integer := tg_argv[0]::integer;
  v_rows integer;
begin
  if new.org_id is null then
    return new;
  end if;
  -- Two at once would each count without the other's row.
  perform 1 from public.orgs o where o.id = new.org_id for no key update;
  execute format('select count(*) from (select from public.%I t where t.org_id = $1 limit $2) x', tg_table_name)
    into v_rows using new.org_id, v_most;
  if v_rows >= v_most then
    perform private.raise_error('PT409', 'invalid_state',
      format('An organisation may have %s rows of %s: remove one before you add another.', v_most, tg_table_name),
      jsonb_build_object('table', tg_table_name, 'most', v_most));
  end if;
  return new;
end;
$$;
comment on function private.limit_rows() is
  'Trigger before each row: an organisation has no more rows of this table than the argument says. Raises PT409. Definer: it '
  'locks the organisation, so that two who add at once count each other.';

create function private.limit_active_work()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_most constant integer := tg_argv[0]::integer;
  v_what constant text := tg_argv[1];
  v_states constant text[] := tg_argv[2]::text[];
  v_active integer;
begin
  -- Two at the same moment must not both be the last that fits. Whoever holds it takes no further lock.
  perform pg_advisory_xact_lock(hashtextextended('active ' || tg_argv[1] || new.org_id, 0));
  execute format(
    'select count(*) from (select from %I.%I x where x.org_id = $1 and x.status::text = any ($2) and x.id <> $3 limit $4) a',
    tg_table_schema, tg_table_name)
  into v_active using new.org_id, v_states, new.id, v_most;
  if v_active >= v_most then
    perform private.raise_error('PT429', 'rate_limited', format(
      'Your organisation has %s %s at once, which is the most. Wait until one of them ends, or end one.', v_most, v_what),
      jsonb_build_object('limit', v_most));
  end if;
  return null;
end;
$$;
comment on function private.limit_active_work() is
  'Trigger, after a row comes into one of the states tg_argv[2]: raises PT429 rate_limited where its organisation has '
  'tg_argv[0] other rows in them already; tg_argv[1] says what they are. Definer: counts all of the organisation''s rows, '
  'whoever writes.';

-- schemas/work/triggers/work_messages.sql

create function private.drop_own_work()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  perform private.drop_work(tg_argv[0], tg_argv[1], old.id);
  return null;
end;
$$;
comment on function private.drop_own_work() is
  'Trigger, after a row ends, pauses or goes: its message leaves queue tg_argv[0], in the same transaction. tg_argv[1] names '
  'the row''s id in messages. Else what begins and ends again and again would fill the queue. Definer: nobody else may use it.';

-- schemas/work/tables/work_kinds.sql

create table private.work_kinds (
  kind text primary key check (kind ~ '^[a-z][a-z_]{1,39}$'),
  title text not null
);
comment on table private.work_kinds is
  'Kinds of work that may fail for one organisation alone, with what people are told it is. A loop over organisations names its '
  'kind.';

alter table private.work_kinds enable row level security;

insert into private.work_kinds (kind, title) values
  ('build', 'building the audience of a campaign'),
  ('cancel_waiting', 'canceling what your stopped campaigns had left'),
  ('check_counts', 'checking the figures of your leads'),
  ('check_figures', 'checking the figures of your campaigns'),
  ('claim', 'taking a message out of the queue to send it'),
  ('finish_campaigns', 'completing your campaigns'),
  ('flag_builds', 'watching the audiences that are being built'),
  ('flag_stalled', 'watching your running campaigns'),
  ('fold_accepted', 'adding up what your numbers sent and what it cost'),
  ('fold_activity', 'noting when your leads were written to'),
  ('fold_counts', 'adding up the figures of your leads'),
  ('fold_stats', 'adding up the figures of your campaigns'),
  ('guard', 'watching your campaigns for the circuit breaker'),
  ('guard_number', 'watching your numbers for the circuit breaker'),
  ('mark_campaigns', 'keeping the figures the circuit breaker compares with'),
  ('match_leads', 'looking for duplicates among your leads'),
  ('move_leads', 'marking leads that opted out'),
  ('plan', 'planning the messages of your campaigns'),
  ('prune', 'removing old receipts and webhooks'),
  ('prune_calls', 'forgetting calls outside that were given up'),
  ('prune_enrichment', 'forgetting old answers of your services'),
  ('prune_events', 'removing old events of your leads'),
  ('prune_guard', 'removing old figures and alerts'),
  ('prune_imports', 'forgetting what old imports changed'),
  ('prune_jobs', 'forgetting jobs that are long over'),
  ('prune_uploads', 'forgetting uploads that were not imported'),
  ('rescue', 'finding sends that were lost'),
  ('rescrub', 'queueing phones whose scrub is old'),
  ('resolve_alerts', 'resolving alerts whose cause is gone'),
  ('score', 'scoring your numbers'),
  ('start_scheduled', 'starting your scheduled campaigns'),
  ('wake_lanes', 'letting your lookups and services go on');

insert into private.work_kinds (kind, title) values
  ('enrichments', 'asking a service of yours'),
  ('lookups', 'looking up phones');

insert into private.work_kinds (kind, title) values ('look', 'asking Twilio about a send that got no answer');

-- schemas/work/tables/work_failures.sql

create table private.work_failures (
  kind text not null references private.work_kinds (kind) on delete cascade,
  item uuid not null,
  org_id uuid references public.orgs (id) on delete cascade,
  tries integer not null check (tries >= 1),
  error text not null check (length(error) between 1 and 500),
  failed_at timestamptz not null,
  next_try_at timestamptz not null,
  primary key (kind, item)
);
comment on table private.work_failures is
  'Work that failed and is to be tried again: of what kind, for which item (mostly an organisation), how often in a row, why, '
  'and not before when. Empty while all is well. org_id null: a call for all organisations together, which go one by one '
  'meanwhile.';
create index work_failures_org_idx on private.work_failures (org_id);

alter table private.work_failures enable row level security;

-- schemas/work/tables/work_turns.sql

create table private.work_turns (
  queue text not null,
  org_id uuid not null references public.orgs (id) on delete cascade,
  began double precision not null,
  ends double precision not null,
  primary key (queue, org_id)
) with (fillfactor = 50);
comment on table private.work_turns is
  'Turns of organisations at a queue (builds, imports, jobs, file_removals, lookups, enrichments), in seconds of the queue''s '
  'own clock: where the last turn began, and where it ends by the time that the work took. The next turn is that of whoever''s '
  'ends first.';
create index work_turns_org_idx on private.work_turns (org_id);
create index work_turns_began_idx on private.work_turns (queue, began);

alter table private.work_turns enable row level security;

-- schemas/work/tables/tasks.sql

create table private.tasks (
  name text primary key check (name ~ '^[a-z][a-z-]{1,39}$'),
  seconds smallint not null check (seconds between 1 and 60),
  is_prompt boolean not null default false,
  due text not null check (length(due) <= 4000),
  is_active boolean not null default true,
  began_at timestamptz,
  ended_at timestamptz,
  longest interval not null default '0',
  runs bigint not null default 0,
  failures bigint not null default 0,
  error text check (length(error) <= 500),
  failed_at timestamptz
-- Written with every run: room for the new version of a row beside the old.
) with (fillfactor = 20);
comment on table private.tasks is
  'What the ticks do every few seconds if it is due. An area adds its own in its tasks.sql. Nothing is written if a task is not '
  'due.';
comment on column private.tasks.seconds is 'How often it is looked at whether it is due.';
comment on column private.tasks.is_prompt is
  'Whether the first tick, which does nothing else, does it too: nothing slow may stand in its way.';
comment on column private.tasks.due is
  'A query that tells by indexes or by an empty table whether there is anything to do. It may say yes too often, never no too '
  'often.';
comment on column private.tasks.is_active is 'False stops it until it is true again.';
comment on column private.tasks.began_at is
  'When it last ran. Later than ended_at: it runs now, or its session ended before it did.';
comment on column private.tasks.longest is 'What its longest run took.';
comment on column private.tasks.failures is
  'How often it failed as a whole, with the last error and when. What failed for one organisation is in private.work_failures.';

alter table private.tasks enable row level security;

-- schemas/work/tables/task_parts.sql

create table private.task_parts (
  task text not null references private.tasks (name) on delete cascade,
  place smallint not null,
  kind text references private.work_kinds (kind) on delete restrict,
  items text,
  call text not null,
  seconds smallint not null default 10 check (seconds between 1 and 60),
  primary key (task, place)
);
comment on table private.task_parts is
  'The parts of a task, in their order, each of its items in a transaction of its own. Queries here are ours, never a tenant''s.';
comment on column private.task_parts.kind is
  'What it is in private.work_failures; null for what is nobody''s own.';
comment on column private.task_parts.items is
  'A query for item and organisation. Null: the call is for all organisations at once.';
comment on column private.task_parts.call is
  'A query that does it: for the item $1 by private.run_item, or for all by private.run_apart.';
comment on column private.task_parts.seconds is 'After so long no further item is begun: the others come in the next run.';
create index task_parts_kind_idx on private.task_parts (kind) where kind is not null;

alter table private.task_parts enable row level security;

-- schemas/work/functions/call_workers.sql

create function private.kick_workers(p_now timestamptz default now())
returns integer
language plpgsql
set search_path = ''
as $$
declare
  v_due integer;
  v_calls integer := 0;
begin
  if exists (select 1 from jsonb_each_text(private.due_background_work()) w where w.value = 'true') then
    perform private.call_function('/background-worker/drain');
  end if;
  if not exists (select 1 from jsonb_each_text(private.due_work('5 seconds', p_now)) w where w.value = 'true') then
    return 0;
  end if;
  select count(*) into v_due from (select 1 from pgmq.q_sends q where q.vt <= clock_timestamp() + interval '5 seconds'
    limit 4000) due;
  v_calls := least(greatest(ceil(v_due / 1000.0)::integer, 1), 4);
  for i in 1 .. v_calls loop
    exit when not private.call_worker();
  end loop;
  return v_calls;
end;
$$;
comment on function private.kick_workers(timestamptz) is
  'Calls the background worker once if it has anything to do, and the worker as often as there is work: one call for each 1,000 '
  'sends '
  'due, four at most. Returns how often the worker.';

create function private.call_worker()
returns boolean
language sql
security definer
set search_path = ''
as $$
  select private.call_function('/worker/drain');
$$;
comment on function private.call_worker() is
  'Posts one call to the worker, once this transaction commits; false where the Vault secrets are not set. Definer: the worker '
  'may neither read Vault nor post.';
grant execute on function private.call_worker() to worker;

create function private.call_function(p_path text)
returns boolean
language plpgsql
set search_path = ''
as $$
declare
  v_url text := private.vault_secret('functions_url');
  v_secret text := private.vault_secret('worker_secret');
begin
  if v_url is null or v_secret is null then
    raise warning 'workers are not called: set the Vault secrets functions_url and worker_secret';
    return false;
  end if;
  perform net.http_post(
    url := v_url || p_path, body := '{}'::jsonb, params := '{}'::jsonb,
    headers := jsonb_build_object('content-type', 'application/json', 'x-worker-secret', v_secret), timeout_milliseconds := 5000);
  return true;
end;
$$;
comment on function private.call_function(text) is
  'Posts to a function of ours with the worker''s secret, once the transaction commits; p_path begins with /. False if the '
  'Vault secrets are not set. A lost call is made good by the next.';

-- schemas/work/functions/read_in_turn.sql

create function private.read_in_turn(p_queue text, p_visibility_seconds integer)
returns pgmq.message_record
language plpgsql
set search_path = ''
-- By the index of organisation and time, whatever the statistics say: a queue is empty now and has thousands in a minute.
set enable_seqscan = off
set enable_bitmapscan = off
as $$
declare
  -- The clock itself may not be looked up in an index.
  v_now timestamptz := clock_timestamp();
  v_clock double precision;
  v_candidate record;
  v_message pgmq.message_record;
begin
  if p_queue not in ('builds', 'imports', 'jobs', 'file_removals', 'lookups', 'enrichments') then
    raise exception 'no such queue: %', p_queue;
  end if;
  -- The queue's clock stands where the latest turn began. Who had nothing to do begins there too: time not used is not saved up.
  v_clock := coalesce((select t.began from private.work_turns t where t.queue = p_queue order by t.began desc limit 1), 0);
  -- From one organisation to the next, and to the oldest due message of each: what one has by the thousand is not looked at.
  -- Rows are compared, because an equal organisation would let the planner take the index of vt alone, and read all of it.
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
    -- Another worker may be taking the oldest: then the organisation's next.
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
    -- The turn is charged one second until charge_turn tells what it took. An organisation that is gone has no turns.
    insert into private.work_turns as t (queue, org_id, began, ends)
    select p_queue, o.id, v_candidate.began, v_candidate.began + 1 from public.orgs o where o.id = v_candidate.org_id
    on conflict (queue, org_id) do update set began = excluded.began, ends = greatest(t.ends, excluded.began) + 1;
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

-- schemas/work/functions/step_tick.sql

create function private.step_tick(p_tick private.tick, p_prompt_only boolean)
returns private.tick
language plpgsql
set search_path = ''
as $$
declare
  v_part private.task_parts;
  v_now timestamptz := clock_timestamp();
begin
  if p_tick.ends_at is null then
    -- One statement for the server, however often it commits: it must be over long before the server would cancel it.
    p_tick.ends_at := v_now
      + least(interval '55 seconds', nullif(current_setting('statement_timeout')::interval, interval '0') / 2);
    p_tick.since := 'epoch';
  end if;

  -- A step of its own, so that nobody who alters a table waits for it: the look before it has given its locks back.
  if p_tick.is_resting then
    perform pg_sleep(1 - extract(epoch from v_now)::numeric % 1);
    p_tick.is_resting := false;
    return p_tick;
  end if;

  if p_tick.task is null then
    if v_now > p_tick.ends_at then
      return null;
    end if;
    p_tick.task := private.take_task(p_tick.since, p_prompt_only);
    if p_tick.task is null then
      p_tick.since := v_now;
      p_tick.is_resting := true;
    else
      -- Plans as of now, as a new session would have them: in a minute an empty table may have become a large one.
      perform set_config('plan_cache_mode', 'force_custom_plan', false);
      p_tick.place := 0;
      p_tick.items := '{}';
      p_tick.done := 0;
    end if;
    return p_tick;
  end if;

  if p_tick.done < cardinality(p_tick.items) and (p_tick.done = 0 or v_now < p_tick.part_ends_at) then
    select p.* into v_part from private.task_parts p where p.task = p_tick.task and p.place = p_tick.place;
    p_tick.done := p_tick.done + 1;
    perform private.run_part(v_part, p_tick.items[p_tick.done]);
    return p_tick;
  end if;

  select p.* into v_part from private.task_parts p
  where p.task = p_tick.task and p.place > p_tick.place order by p.place limit 1;
  if found then
    p_tick.place := v_part.place;
    p_tick.items := array(select i from private.part_items(v_part) i);
    p_tick.done := 0;
    p_tick.part_ends_at := v_now + v_part.seconds * interval '1 second';
  else
    perform private.end_task(p_tick.task);
    perform set_config('plan_cache_mode', 'auto', false);
    p_tick.task := null;
  end if;
  return p_tick;
end;
$$;
comment on function private.step_tick(private.tick, boolean) is
  'One step of a tick, which is one transaction: looks for a task, rests until the next second, does a part of its task for one '
  'item, or goes on to the next part. Begins with null; null after about a minute. p_prompt_only: it takes prompt tasks alone.';

-- schemas/work/functions/tasks.sql

-- Tasks: whether one is due, whose turn it is, and how its parts are done.

create function private.fail_task(p_task text, p_error text)
returns void
language plpgsql
set search_path = ''
as $$
begin
  raise warning 'task % failed: %', p_task, p_error;
  update private.tasks t
  set failures = t.failures + 1, error = left(coalesce(nullif(p_error, ''), 'unknown'), 500), failed_at = clock_timestamp()
  where t.name = p_task;
end;
$$;
comment on function private.fail_task(text, text) is 'Counts a failure of a task that is nobody''s own, and keeps its error.';

create function private.is_task_due(p_task text, p_due text)
returns boolean
language plpgsql
set search_path = ''
-- A table that somebody alters must not stop the looks at all other tasks.
set lock_timeout = '1s'
as $$
declare
  v_due boolean;
begin
  execute p_due into v_due;
  return coalesce(v_due, false) or exists (
    select from private.work_failures f join private.task_parts p on p.kind = f.kind
    where p.task = p_task and f.next_try_at <= clock_timestamp()
      -- What was not tried again for an hour has no item any more.
      and f.next_try_at > clock_timestamp() - interval '1 hour');
exception when query_canceled or others then
  if private.is_passing(sqlstate) then
    return false;
  end if;
  perform private.fail_task(p_task, format('whether it is due: %s (%s)', sqlerrm, sqlstate));
  return true;
end;
$$;
comment on function private.is_task_due(text, text) is
  'Whether a task has anything to do, or anything that failed to try again. If that can''t be told, it is done.';

create function private.task_lock(p_task text)
returns bigint
language sql
immutable
set search_path = ''
as $$
  select hashtextextended('task:' || p_task, 0);
$$;
comment on function private.task_lock(text) is 'The advisory lock that a tick holds while it does a task.';

create function private.take_task(p_since timestamptz, p_prompt_only boolean, p_now timestamptz default clock_timestamp())
returns text
language plpgsql
set search_path = ''
as $$
declare
  v_task private.tasks;
  v_locked private.tasks;
  v_turn timestamptz;
  v_soon timestamptz := p_now + interval '1 minute';
begin
  -- Prompt tasks first: there are fewer of them than ticks, and one tick at a time does a task, so that a tick is left for the
  -- others. Of the others the seldom ones first: those that come every second could keep them out for ever.
  for v_task in select t.* from private.tasks t where t.is_active order by t.is_prompt desc, t.seconds desc, t.name loop
    v_turn := to_timestamp(floor(extract(epoch from p_now) / v_task.seconds) * v_task.seconds);
    continue when p_prompt_only and not v_task.is_prompt;
    -- A clock that was put back must not make it wait until it is late again.
    continue when p_since between v_turn and v_soon or v_task.began_at between v_turn and v_soon;
    continue when not pg_try_advisory_lock(private.task_lock(v_task.name));
    -- Under the lock: another tick may have done it since the list was read.
    select t.* into v_locked from private.tasks t where t.name = v_task.name;
    if (v_locked.began_at between v_turn and v_soon) is not true and private.is_task_due(v_task.name, v_task.due) then
      -- Nobody does it now, so who began it and did not end it is gone.
      if v_locked.began_at > coalesce(v_locked.ended_at, '-infinity') then
        perform private.fail_task(v_task.name, 'its session ended before it did');
      end if;
      update private.tasks t set began_at = p_now where t.name = v_task.name and t.is_active;
      if found then
        return v_task.name;
      end if;
    end if;
    perform pg_advisory_unlock(private.task_lock(v_task.name));
  end loop;
  return null;
end;
$$;
comment on function private.take_task(timestamptz, boolean, timestamptz) is
  'Takes a task whose turn came after p_since, that is due and that no other tick does: its name, and its lock, which the '
  'session keeps until private.end_task. A turn begins whenever the clock can be divided by the task''s seconds, and a task '
  'runs once in it. Null if there is none. Writes nothing for what is not due.';

create function private.end_task(p_task text, p_now timestamptz default clock_timestamp())
returns void
language plpgsql
set search_path = ''
as $$
begin
  update private.tasks t
  set ended_at = p_now, runs = t.runs + 1, longest = greatest(t.longest, p_now - t.began_at)
  where t.name = p_task;
  perform pg_advisory_unlock(private.task_lock(p_task));
end;
$$;
comment on function private.end_task(text, timestamptz) is 'Notes that a task is done, and gives back its lock.';

create function private.part_items(p_part private.task_parts)
returns setof private.work_item
language plpgsql
set search_path = ''
as $$
begin
  if p_part.items is null then
    return next null;
    return;
  end if;
  -- Beginning anywhere: what the time does not suffice for is not always the same.
  return query execute format('select i.item, i.org_id from (%s) as i (item, org_id) order by i.item < $1, i.item', p_part.items)
    using gen_random_uuid();
exception when query_canceled or others then
  if not private.is_passing(sqlstate) then
    perform private.fail_task(p_part.task, format('what part %s is for: %s (%s)', p_part.place, sqlerrm, sqlstate));
  end if;
end;
$$;
comment on function private.part_items(private.task_parts) is
  'What a part of a task is to be done for; one empty item if it is done for all organisations at once.';

create function private.run_part(p_part private.task_parts, p_item private.work_item)
returns void
language plpgsql
set search_path = ''
as $$
begin
  if p_part.kind is null then
    execute p_part.call;
  elsif p_part.items is null then
    perform private.run_apart(p_part.kind, p_part.call);
  else
    perform private.run_item(p_part.kind, p_item.item, p_item.org_id, p_part.call);
  end if;
exception when query_canceled or others then
  if not private.is_passing(sqlstate) then
    perform private.fail_task(p_part.task, format('part %s: %s (%s)', p_part.place, sqlerrm, sqlstate));
  end if;
end;
$$;
comment on function private.run_part(private.task_parts, private.work_item) is
  'Does a part of a task for one item. Never raises: what fails for an organisation is counted for it, what is nobody''s own for '
  'the task, and the next part follows.';

-- schemas/work/functions/turns.sql

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
  if p_queue not in ('sends', 'replies', 'builds', 'imports', 'jobs', 'file_removals', 'lookups', 'enrichments') then
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

-- schemas/work/functions/work_failures.sql

-- Work that is done for all organisations in turn: what fails for one is counted, rests, and holds up nobody else.

create function private.tell_failures(p_org_id uuid, p_now timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
declare
  v_titles text;
  v_details jsonb;
  v_message text;
begin
  select string_agg(distinct k.title, '; '), jsonb_agg(jsonb_build_object(
    'work', f.kind, 'item', f.item, 'tries', f.tries, 'error', f.error, 'next_try_at', f.next_try_at) order by f.failed_at desc)
  into v_titles, v_details
  from (
    select * from private.work_failures x
    where x.org_id = p_org_id and x.tries >= 5 order by x.failed_at desc limit 20
  ) f
  join private.work_kinds k on k.kind = f.kind;
  if v_titles is null then
    perform private.close_alerts(p_org_id, 'work_set_aside', p_now);
    return;
  end if;
  v_message := format(
    'Work for your organisation failed five times in a row and is tried only once an hour: %s. The details give the reason of '
    'each. Mend what it names, such as a setting that cannot be right; it goes on by itself within the hour. If nothing of '
    'yours explains it, report it.',
    v_titles);
  perform private.raise_alert(p_org_id, 'work_set_aside', 'critical', v_message, null, null,
    jsonb_build_object('failures', v_details));
  update public.alerts a set message = v_message, details = jsonb_build_object('failures', v_details)
  where a.org_id = p_org_id and a.kind = 'work_set_aside' and a.resolved_at is null and a.message <> v_message;
end;
$$;
comment on function private.tell_failures(uuid, timestamptz) is
  'Raises, changes or resolves the alert work_set_aside of an organisation by what of its work has failed five times in a row.';

create function private.note_failure(p_kind text, p_item uuid, p_org_id uuid, p_error text, p_now timestamptz default now())
returns integer
language plpgsql
set search_path = ''
as $$
declare
  v_tries integer;
begin
  -- 10, 20, 40 and 80 s; from the fifth on once an hour. Of an organisation that is gone nothing is noted.
  insert into private.work_failures as f (kind, item, org_id, tries, error, failed_at, next_try_at)
  select p_kind, p_item, p_org_id, 1, left(coalesce(nullif(p_error, ''), 'unknown'), 500), p_now, p_now + interval '10 seconds'
  where p_org_id is null or exists (select from public.orgs o where o.id = p_org_id)
  on conflict (kind, item) do update
    set tries = least(f.tries + 1, 1000000), error = excluded.error, failed_at = excluded.failed_at,
        next_try_at = p_now + case when f.tries >= 4 then interval '1 hour' else interval '10 seconds' * power(2, f.tries) end
  returning f.tries into v_tries;
  if v_tries >= 5 and p_org_id is not null then
    perform private.tell_failures(p_org_id, p_now);
  end if;
  return coalesce(v_tries, 0);
end;
$$;
comment on function private.note_failure(text, uuid, uuid, text, timestamptz) is
  'Counts a failure of work of a kind for an item: it rests 10 s, then twice as long each time, from the fifth on an hour, with '
  'the alert work_set_aside. p_org_id null: of a call for all organisations. Returns how often it failed in a row; 0 for an '
  'organisation that is gone.';

create function private.clear_failure(p_kind text, p_item uuid, p_now timestamptz default now())
returns void
language plpgsql
set search_path = ''
as $$
declare
  v_failure private.work_failures;
begin
  delete from private.work_failures f where f.kind = p_kind and f.item = p_item returning * into v_failure;
  if v_failure.tries >= 5 and v_failure.org_id is not null then
    perform private.tell_failures(v_failure.org_id, p_now);
  end if;
end;
$$;
comment on function private.clear_failure(text, uuid, timestamptz) is
  'Forgets the failures of an item whose work went through, and resolves the alert if it was the last. Writes nothing where '
  'there were none.';

create function private.is_resting(p_kind text, p_item uuid, p_now timestamptz default now())
returns boolean
language sql
stable
set search_path = ''
as $$
  select exists (select from private.work_failures f where f.kind = p_kind and f.item = p_item and f.next_try_at > p_now);
$$;
comment on function private.is_resting(text, uuid, timestamptz) is 'Whether work of a kind rests for an item after it failed.';

create function private.resting_orgs(p_kind text, p_org_id uuid, p_now timestamptz default now())
returns uuid[]
language sql
stable
set search_path = ''
as $$
  select coalesce(array_agg(f.item), '{}') from private.work_failures f
  where p_org_id is null and f.kind = p_kind and f.org_id is not null and f.next_try_at > p_now;
$$;
comment on function private.resting_orgs(text, uuid, timestamptz) is
  'The organisations that a call for all of them (p_org_id null) leaves out: this kind of work rests for them. None for a call '
  'for one organisation.';

create function private.is_passing(p_sqlstate text)
returns boolean
language sql
immutable
set search_path = ''
as $$
  select p_sqlstate in ('40001', '40P01', '55P03');
$$;
comment on function private.is_passing(text) is
  'Whether an error is of the moment, not of the item: serialization failure, deadlock, a lock that was not free. It counts as '
  'no failure.';

create function private.run_item(p_kind text, p_item uuid, p_org_id uuid, p_call text, p_now timestamptz default now())
returns text
language plpgsql
set search_path = ''
as $$
declare
  v_result text;
begin
  if private.is_resting(p_kind, p_item, p_now) then
    return null;
  end if;
  begin
    execute p_call into v_result using p_item;
  -- A statement that took too long is not among others: it must count too, or its item would come first for ever.
  exception when query_canceled or others then
    if not private.is_passing(sqlstate) then
      raise warning '% failed for % of organisation %: % (%)', p_kind, p_item, p_org_id, sqlerrm, sqlstate;
      perform private.note_failure(p_kind, p_item, p_org_id, format('%s (%s)', sqlerrm, sqlstate), p_now);
    end if;
    return null;
  end;
  perform private.clear_failure(p_kind, p_item, p_now);
  return coalesce(v_result, '');
end;
$$;
comment on function private.run_item(text, uuid, uuid, text, timestamptz) is
  'Does work of a kind for one item, unless it rests: p_call is a query that takes the item as $1, and is a constant of the '
  'caller, never of a tenant. What fails is undone, counted and warned of. Returns the query''s first value, empty if it has '
  'none; null if it failed or rests.';

create function private.run_apart(p_kind text, p_call text, p_now timestamptz default now())
returns bigint
language plpgsql
set search_path = ''
as $$
declare
  v_all constant uuid := '00000000-0000-0000-0000-000000000000';
  v_budget constant interval := '5 seconds';
  v_begun timestamptz := clock_timestamp();
  v_pivot uuid := gen_random_uuid();
  v_result text;
  v_sum bigint := 0;
  v_id uuid;
begin
  if not private.is_resting(p_kind, v_all, p_now) then
    begin
      execute p_call into v_result using null::uuid;
      perform private.clear_failure(f.kind, f.item, p_now)
      from private.work_failures f where f.kind = p_kind and (f.item = v_all or f.next_try_at <= p_now);
      return coalesce(nullif(v_result, '')::bigint, 0);
    exception when query_canceled or others then
      if private.is_passing(sqlstate) then
        return 0;
      end if;
      raise warning '% failed for all organisations together: % (%)', p_kind, sqlerrm, sqlstate;
      perform private.note_failure(p_kind, v_all, null, format('%s (%s)', sqlerrm, sqlstate), p_now);
      -- The time a statement may take is used up, and is not counted a second time: the next run goes on, one by one from its
      -- start.
      if sqlstate = '57014' then
        return 0;
      end if;
    end;
  end if;
  -- Beginning anywhere: what the time does not suffice for is not always the same.
  for v_id in select o.id from public.orgs o order by o.id < v_pivot, o.id loop
    v_sum := v_sum + coalesce(nullif(private.run_item(p_kind, v_id, v_id, p_call, p_now), '')::bigint, 0);
    exit when clock_timestamp() > v_begun + v_budget;
  end loop;
  return v_sum;
end;
$$;
comment on function private.run_apart(text, text, timestamptz) is
  'Does work of a kind for all organisations at once, which is cheapest; if that fails, for one after the other, so that it '
  'fails for those alone whose it is. p_call is a query that takes an organisation as $1, null for all, and returns a number or '
  'nothing; it is a constant of the caller, never of a tenant. Returns the sum.';

-- schemas/work/functions/work_messages.sql

-- Messages of the queues that are read in turns. Each names its organisation (org_id), and what it is about by one id.

create function private.send_work(p_queue text, p_org_id uuid, p_message jsonb, p_delay_seconds integer default 0)
returns void
language sql
set search_path = ''
as $$
  select pgmq.send(p_queue, jsonb_build_object('org_id', p_org_id) || p_message, p_delay_seconds);
$$;
comment on function private.send_work(text, uuid, jsonb, integer) is
  'Queues work of an organisation, due after p_delay_seconds: private.read_in_turn finds it by the organisation.';

create function private.drop_work(p_queue text, p_key text, p_id uuid)
returns void
language plpgsql
set search_path = ''
as $$
begin
  -- A message that a worker holds is left to it: it would wait for what the caller has locked. It finds that there is nothing
  -- to do.
  execute format(
    'delete from pgmq.q_%1$s d where d.msg_id in (
       select q.msg_id from pgmq.q_%1$s q where q.message ->> %2$L = $1 for update skip locked)', p_queue, p_key)
  using p_id::text;
end;
$$;
comment on function private.drop_work(text, text, uuid) is
  'Takes off a queue what is about an item that is not to be worked on any more: p_key names the id in the message. One that is '
  'being claimed stays, and is dropped by whoever claims it.';

-- schemas/work/cron.sql

-- Ticks: each does whatever task is due, for about a minute, in one warm session, and is begun again as soon as it has ended,
-- or within 2 s if it was killed. They share the tasks, so that two slow ones do not keep the others waiting; the first does
-- nothing but what must be prompt. A block, because a function may not commit, and a procedure that does may not have a
-- search_path of its own. Short, because pg_cron writes it down with every run.
select cron.schedule('tick-1', '2 seconds', $$do 'declare t private.tick;
begin loop t := private.step_tick(t, true); commit; exit when t.ends_at is null; end loop; end'$$);

select cron.schedule('tick-2', '2 seconds', $$do 'declare t private.tick;
begin loop t := private.step_tick(t, false); commit; exit when t.ends_at is null; end loop; end'$$);

select cron.schedule('tick-3', '2 seconds', $$do 'declare t private.tick;
begin loop t := private.step_tick(t, false); commit; exit when t.ends_at is null; end loop; end'$$);
