-- Written from supabase/schemas/work by npm run generate: change it there.

-- A function may call one that comes later.
set check_function_bodies = off;

-- schemas/work/types.sql

create type private.work_item as (item uuid, org_id uuid);
comment on type private.work_item is
  'One item of a loop over organisations, campaigns or numbers, and the organisation it belongs to.';

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
  'The state of a tick: when it ends, when it last found nothing due, and whether it is resting; its task, the current part of '
  'it, the items of that part, how many of them are done, and when it stops beginning further ones.';

-- schemas/work/triggers/active_work.sql

-- Limits on how much work of one organisation may be active at once. Further work is refused, so that it does not fill the queue
-- that all organisations share.

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
  -- Two inserts at the same time would each count without the other's row.
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
  'Trigger before each row: an organisation may have at most tg_argv[0] rows of this table. Raises PT409. Security definer: it '
  'locks the organisation, so that two inserts at the same time count each other.';

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
  -- Two at the same moment must not both count as the last that fits. It can't deadlock: a session that waits for this lock holds
  -- no lock that the holder takes after it.
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
  'Trigger, after a row has entered one of the states tg_argv[2]: raises PT429 rate_limited if its organisation already has '
  'tg_argv[0] other rows in these states. tg_argv[1] says in the error what the rows are. Security definer: it counts all rows '
  'of the organisation, whatever role writes.';

-- schemas/work/triggers/large_values.sql

-- PostgREST limits an answer by rows, not by bytes: 1,000 rows of 1 MB each would fill its memory, which all organisations share.
-- So there is a limit on what an organisation stores in large values, and thus on the largest page of a table.

create function private.limit_large_values()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_column constant text := tg_argv[0];
  v_most constant integer := 64000000;
  v_size constant integer := octet_length(to_jsonb(new) ->> v_column);
  v_bytes bigint;
begin
  if v_size <= 8192 then
    delete from private.large_values l where l.table_name = tg_table_name and l.row_id = new.id and l.column_name = v_column;
    return null;
  end if;
  -- Two at the same moment must not both count as the last that fits.
  perform private.lock_count(new.org_id, 'large values of ' || tg_table_name);
  insert into private.large_values (org_id, table_name, row_id, column_name, bytes)
  values (new.org_id, tg_table_name, new.id, v_column, v_size)
  on conflict (table_name, row_id, column_name) do update set bytes = excluded.bytes;
  select sum(l.bytes) into v_bytes from private.large_values l
  where l.org_id = new.org_id and l.table_name = tg_table_name and l.column_name = v_column;
  if v_bytes > v_most then
    perform private.refuse_field(v_column, format(
      'The long values in %s of your %s take %s bytes together; at most %s are allowed. Give a shorter value (a segment instead '
      'of lead ids, a file with fewer columns), or delete a row you no longer need.', v_column, tg_table_name, v_bytes, v_most));
  end if;
  return null;
end;
$$;
comment on function private.limit_large_values() is
  'Trigger, after a row is written with a new value in its column tg_argv[0] (jsonb, or a list of texts): raises PT422 naming '
  'the column if the values of more than 8,192 bytes of JSON in this column take more than 64,000,000 bytes together in the '
  'organisation''s rows. Security definer: people may not write private.large_values.';

create function private.forget_large_values()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  delete from private.large_values l where l.table_name = tg_table_name and l.row_id = old.id;
  return null;
end;
$$;
comment on function private.forget_large_values() is
  'Trigger, after a row is deleted: its large values no longer count. Security definer: people may not write '
  'private.large_values.';

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
  'Trigger, after a row ends, is paused or is deleted: removes its message from queue tg_argv[0], in the same transaction. '
  'tg_argv[1] is the key of the row''s id in messages. Without this, work that is started and ended again and again would fill '
  'the queue. Security definer: users may not write the queue.';

-- schemas/work/tables/work_kinds.sql

create table private.work_kinds (
  kind text primary key check (kind ~ '^[a-z][a-z_]{1,39}$'),
  title text not null
);
comment on table private.work_kinds is
  'Kinds of work that may fail for one organisation alone, with the words that alerts use for them. Each loop over organisations '
  'names its kind.';

alter table private.work_kinds enable row level security;

insert into private.work_kinds (kind, title) values
  ('build', 'building the audience of a campaign'),
  ('cancel_waiting', 'canceling the rest of your stopped campaigns'),
  ('check_counts', 'checking the figures of your leads'),
  ('check_figures', 'checking the figures of your campaigns'),
  ('claim', 'taking a message out of the queue to send it'),
  ('finish_campaigns', 'completing your campaigns'),
  ('flag_builds', 'watching the audiences that are being built'),
  ('flag_stalled', 'watching your running campaigns'),
  ('fold_accepted', 'adding up what your numbers sent and what it cost'),
  ('fold_activity', 'recording when your leads were written to'),
  ('fold_counts', 'adding up the figures of your leads'),
  ('fold_stats', 'adding up the figures of your campaigns'),
  ('guard', 'watching your campaigns for the circuit breaker'),
  ('guard_number', 'watching your numbers for the circuit breaker'),
  ('mark_campaigns', 'recording the figures that the circuit breaker compares with'),
  ('match_leads', 'looking for duplicates among your leads'),
  ('move_leads', 'marking leads that opted out'),
  ('plan', 'planning the messages of your campaigns'),
  ('prune', 'removing old receipts and webhooks'),
  ('prune_calls', 'deleting calls to outside services that were given up'),
  ('prune_enrichment', 'deleting old answers of your services'),
  ('prune_events', 'removing old events of your leads'),
  ('prune_guard', 'removing old figures and alerts'),
  ('prune_imports', 'deleting the journals of old imports'),
  ('prune_jobs', 'deleting old jobs'),
  ('prune_media', 'deleting old pictures and files of messages'),
  ('prune_uploads', 'deleting old uploads'),
  ('rescue', 'finding sends that were lost'),
  ('rescrub', 'queueing phones whose scrub is old'),
  ('resolve_alerts', 'resolving alerts whose cause is gone'),
  ('score', 'scoring your numbers'),
  ('start_scheduled', 'starting your scheduled campaigns'),
  ('wake_lanes', 'continuing your lookups and calls to your services');

insert into private.work_kinds (kind, title) values
  ('enrichments', 'asking a service of yours'),
  ('lookups', 'looking up phones');

insert into private.work_kinds (kind, title) values
  ('look_at_test', 'counting an A/B test'),
  ('learn_rotation', 'learning which texts people reply to'),
  ('move_variants', 'giving people the variant of an A/B test');

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
  'Work that failed and will be tried again: its kind, its item (mostly an organisation), how often it failed in a row, why, and '
  'the earliest time of the next try. Empty if nothing fails. org_id is null for a call for all organisations together, which is '
  'replaced by one call for each organisation meanwhile.';
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
  'own clock: where an organisation''s last turn began, and where it ends according to the time that its work took. The '
  'organisation whose turn ends first is next.';
create index work_turns_org_idx on private.work_turns (org_id);
create index work_turns_began_idx on private.work_turns (queue, began);

alter table private.work_turns enable row level security;

-- schemas/work/tables/large_values.sql

create table private.large_values (
  table_name text not null,
  column_name text not null,
  row_id uuid not null,
  org_id uuid not null references public.orgs (id) on delete cascade,
  bytes integer not null check (bytes > 8192),
  primary key (table_name, row_id, column_name)
);
comment on table private.large_values is
  'Values of public tables that take more than 8,192 bytes as text, with their size. private.limit_large_values adds the sizes '
  'up: a sum over the tables themselves would read every such value.';
create index large_values_org_idx on private.large_values (org_id, table_name, column_name) include (bytes);
alter table private.large_values enable row level security;

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
-- Every run updates a row: the fillfactor leaves room for its new version on the same page.
) with (fillfactor = 20);
comment on table private.tasks is
  'What the ticks do every few seconds if it is due. Each area adds its tasks in its tasks.sql. Nothing is written about a task '
  'that is not due.';
comment on column private.tasks.seconds is 'How often a tick checks whether the task is due, in seconds.';
comment on column private.tasks.is_prompt is
  'Whether the first tick also does this task. It does only prompt tasks, so that nothing slow holds them up.';
comment on column private.tasks.due is
  'A query that says whether there is anything to do, from an index or an empty table. It may return true when there is nothing '
  'to do, but never false when there is.';
comment on column private.tasks.is_active is 'False stops the task until it is set to true again.';
comment on column private.tasks.began_at is
  'When the task last started. If this is later than ended_at, it is running now, or its session ended before it did.';
comment on column private.tasks.longest is 'How long its longest run took.';
comment on column private.tasks.failures is
  'How often it failed as a whole; error and failed_at are of the last failure. Failures of one organisation are in '
  'private.work_failures.';

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
  'The parts of a task, in their order; each item of a part is done in a transaction of its own. The queries in this table are '
  'ours, never a tenant''s.';
comment on column private.task_parts.kind is
  'The kind of work in private.work_failures; null if failures count for the task, not for an organisation.';
comment on column private.task_parts.items is
  'A query that returns the items and their organisations. Null: the call is for all organisations at once.';
comment on column private.task_parts.call is
  'A query that does the work: private.run_item runs it for item $1, or private.run_apart for all.';
comment on column private.task_parts.seconds is 'After this many seconds no further item is begun; the next run does the others.';
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
    perform private.call_background_worker();
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
  'Calls the background worker once if it has anything to do. Calls the worker if it has anything to do: once for each 1,000 '
  'sends due, at least once and at most four times. Returns the number of calls to the worker.';

create function private.call_worker()
returns boolean
language sql
security definer
set search_path = ''
as $$
  select private.call_function('/worker/drain');
$$;
comment on function private.call_worker() is
  'Posts one call to the worker when this transaction commits: by a campaign that a person builds, starts or resumes, so that it '
  'begins at once, and by a drain that leaves work to the next one. Returns false if the Vault secrets are not set. Security '
  'definer: the worker may neither read Vault nor post.';
grant execute on function private.call_worker() to worker;

create function private.call_background_worker()
returns boolean
language sql
security definer
set search_path = ''
as $$
  select private.call_function('/background-worker/drain');
$$;
comment on function private.call_background_worker() is
  'Posts one call to the background worker when this transaction commits: by what a person began, so that it begins at once, and '
  'by a drain that leaves work to the next one. Returns false if the Vault secrets are not set. Security definer: the worker may '
  'neither read Vault nor post.';
grant execute on function private.call_background_worker() to worker;

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
  'Posts to one of our functions with the worker''s secret, when the transaction commits. p_path begins with /. Returns false if '
  'the Vault secrets are not set. If a call is lost, the next call does its work.';

-- schemas/work/functions/read_in_turn.sql

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
    -- To the server the whole loop is one statement, however often it commits. It must end long before the server would cancel
    -- it.
    p_tick.ends_at := v_now
      + least(interval '55 seconds', nullif(current_setting('statement_timeout')::interval, interval '0') / 2);
    p_tick.since := 'epoch';
  end if;

  -- Resting is a step of its own. The step before it has released its locks, so a session that alters a table does not wait for
  -- the rest.
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
      -- Makes plans from current statistics, as a new session would: within a minute an empty table may become a large one.
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
  'One step of a tick, in one transaction: it looks for a task, rests until the next second, does a part of its task for one '
  'item, or moves on to the next part. p_tick is the state that the step before returned, null at first. Returns the new state; '
  'null when the tick has ended, after about a minute. p_prompt_only: the tick takes only prompt tasks.';

-- schemas/work/functions/tasks.sql

-- Tasks: whether a task is due, which one comes next, and how its parts are done.

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
comment on function private.fail_task(text, text) is
  'Counts a failure that belongs to a task as a whole, not to one organisation, and stores its error.';

create function private.is_task_due(p_task text, p_due text)
returns boolean
language plpgsql
set search_path = ''
-- While a session alters a table, waiting for its lock must not hold up the checks of all other tasks.
set lock_timeout = '1s'
as $$
declare
  v_due boolean;
begin
  execute p_due into v_due;
  return coalesce(v_due, false) or exists (
    select from private.work_failures f join private.task_parts p on p.kind = f.kind
    where p.task = p_task and f.next_try_at <= clock_timestamp()
      -- A failure that was due an hour ago and was not tried again is of an item that no longer exists.
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
  'Whether a task has anything to do, or any failed item to try again. True also if the query for this fails.';

create function private.task_lock(p_task text)
returns bigint
language sql
immutable
set search_path = ''
as $$
  select hashtextextended('task:' || p_task, 0);
$$;
comment on function private.task_lock(text) is 'The key of the advisory lock that a tick holds while it does a task.';

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
  -- Prompt tasks come first. There are fewer of them than ticks, and only one tick at a time does a task, so a tick is left for
  -- the other tasks. Of the other tasks the rare ones come first, because tasks that are due every second could keep them out for
  -- ever.
  for v_task in select t.* from private.tasks t where t.is_active order by t.is_prompt desc, t.seconds desc, t.name loop
    v_turn := to_timestamp(floor(extract(epoch from p_now) / v_task.seconds) * v_task.seconds);
    continue when p_prompt_only and not v_task.is_prompt;
    -- A began_at of more than a minute ahead is ignored: if the clock was put back, the task must not wait until that time comes
    -- again.
    continue when p_since between v_turn and v_soon or v_task.began_at between v_turn and v_soon;
    continue when not pg_try_advisory_lock(private.task_lock(v_task.name));
    -- Read again under the lock: another tick may have done the task since the list was read.
    select t.* into v_locked from private.tasks t where t.name = v_task.name;
    if (v_locked.began_at between v_turn and v_soon) is not true and private.is_task_due(v_task.name, v_task.due) then
      -- This session holds the lock, so no other does the task now. A run that began and did not end was lost with its session.
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
  'Takes a task that is due, whose turn came after p_since, and that no other tick does. Returns its name, and locks it: the '
  'session keeps the lock until private.end_task. A turn begins whenever the clock is a multiple of the task''s seconds, and a '
  'task runs once in each turn. Null if there is no such task. Writes nothing about tasks that are not due.';

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
comment on function private.end_task(text, timestamptz) is 'Records that a task is done, and releases its lock.';

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
  -- Starts at a random item: if the time is not enough for all, it is not always the same items that are left out.
  return query execute format('select i.item, i.org_id from (%s) as i (item, org_id) order by i.item < $1, i.item', p_part.items)
    using gen_random_uuid();
exception when query_canceled or others then
  if not private.is_passing(sqlstate) then
    perform private.fail_task(p_part.task, format('the items of part %s: %s (%s)', p_part.place, sqlerrm, sqlstate));
  end if;
end;
$$;
comment on function private.part_items(private.task_parts) is
  'The items that a part of a task is done for; one empty item if it is done for all organisations at once.';

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
  'Does a part of a task for one item. Never raises: a failure of one organisation is counted for that organisation, any other '
  'failure for the task, and the next part follows.';

-- schemas/work/functions/turns.sql

-- Queues are read in turns: the next message is one of the organisation whose work took the least time. A message that is read
-- again, because the worker that read it died, becomes visible later each time.

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
  if p_queue not in ('sends', 'replies', 'builds', 'imports', 'jobs', 'file_removals', 'lookups', 'enrichments', 'media') then
    raise exception 'no such queue: %', p_queue;
  end if;
  execute format('select exists (select 1 from pgmq.q_%s where vt <= clock_timestamp() + $1)', p_queue) into v_due using p_within;
  return v_due;
end;
$$;
comment on function private.queue_is_due(text, interval) is
  'Whether a queue has a message that is due now or within p_within. Uses exists, because pgmq.metrics counts the whole queue. '
  'Security definer: the worker may not read the queue.';
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
  'A text as a UUID if it is one in lower case, as Postgres writes it; else null.';

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
  'Charges an organisation for a message of read_in_turn: p_seconds (an hour at most) that its work took, in place of the one '
  'second charged when it was read. Called when the work is done or has failed. Security definer: the worker may not write this '
  'table.';
grant execute on function private.charge_turn(text, uuid, double precision) to worker;

-- schemas/work/functions/work_failures.sql

-- Work that is done for all organisations in turn: a failure of one organisation is counted, its work rests, and no other
-- organisation is held up.

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
  select string_agg(distinct k.title, '; '), to_jsonb(array_agg(jsonb_build_object(
    'work', f.kind, 'item', f.item, 'tries', f.tries, 'error', f.error, 'next_try_at', f.next_try_at) order by f.failed_at desc))
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
    'Work for your organisation failed five times in a row and is now tried only once an hour: %s. The details give each '
    'reason. Correct what it names, such as a wrong setting: the work continues by itself within the hour. If none of your '
    'settings explains it, tell the people who run this platform.',
    v_titles);
  perform private.raise_alert(p_org_id, 'work_set_aside', 'critical', v_message, null, null,
    jsonb_build_object('failures', v_details));
  update public.alerts a set message = v_message, details = jsonb_build_object('failures', v_details)
  where a.org_id = p_org_id and a.kind = 'work_set_aside' and a.resolved_at is null and a.message <> v_message;
end;
$$;
comment on function private.tell_failures(uuid, timestamptz) is
  'Raises, changes or resolves the alert work_set_aside of an organisation, according to which of its work has failed five times '
  'in a row.';

create function private.note_failure(p_kind text, p_item uuid, p_org_id uuid, p_error text, p_now timestamptz default now())
returns integer
language plpgsql
set search_path = ''
as $$
declare
  v_tries integer;
begin
  -- Rests 10, 20, 40 and 80 s; from the fifth failure on, an hour. Nothing is recorded for a deleted organisation.
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
  'Counts a failure of a kind of work for an item. The work rests for 10 s, then twice as long each time; from the fifth failure '
  'on it rests for an hour, and the alert work_set_aside is raised. p_org_id is null for a call for all organisations. Returns '
  'how often it failed in a row; 0 for a deleted organisation.';

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
  'Deletes the failures of an item whose work succeeded, and resolves the alert if no other failures are left. Writes nothing if '
  'there were none.';

create function private.is_resting(p_kind text, p_item uuid, p_now timestamptz default now())
returns boolean
language sql
stable
set search_path = ''
as $$
  select exists (select from private.work_failures f where f.kind = p_kind and f.item = p_item and f.next_try_at > p_now);
$$;
comment on function private.is_resting(text, uuid, timestamptz) is
  'Whether a kind of work is resting for an item after a failure.';

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
  'The organisations that a call for all (p_org_id null) leaves out because this kind of work is resting for them. Empty for a '
  'call for one organisation.';

create function private.is_passing(p_sqlstate text)
returns boolean
language sql
immutable
set search_path = ''
as $$
  select p_sqlstate in ('40001', '40P01', '55P03');
$$;
comment on function private.is_passing(text) is
  'Whether an error is temporary and not the item''s fault: a serialization failure, a deadlock, or a lock that was not free. '
  'Such an error is not counted as a failure.';

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
  -- "others" does not include query_canceled. A statement that took too long must count too, or its item would come first for
  -- ever.
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
  'Does a kind of work for one item, unless it is resting. p_call is a query that takes the item as $1; it must be a constant of '
  'the caller, never a tenant''s text. A failure is rolled back, counted and raised as a warning. Returns the query''s first '
  'value, an empty text if it has none; null if it failed or is resting.';

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
      -- The statement's time is used up and does not start anew, so this run ends here. The next run does one organisation at a
      -- time from its start.
      if sqlstate = '57014' then
        return 0;
      end if;
    end;
  end if;
  -- Starts at a random organisation: if the time is not enough for all, it is not always the same ones that are left out.
  for v_id in select o.id from public.orgs o order by o.id < v_pivot, o.id loop
    v_sum := v_sum + coalesce(nullif(private.run_item(p_kind, v_id, v_id, p_call, p_now), '')::bigint, 0);
    exit when clock_timestamp() > v_begun + v_budget;
  end loop;
  return v_sum;
end;
$$;
comment on function private.run_apart(text, text, timestamptz) is
  'Does a kind of work for all organisations at once, which is cheapest. If that fails, does it for one organisation after the '
  'other, so that it fails only for the organisations that cause the error. p_call is a query that takes an organisation as $1, '
  'null for all, and returns a number or nothing; it must be a constant of the caller, never a tenant''s text. Returns the sum.';

-- schemas/work/functions/work_messages.sql

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

-- schemas/work/cron.sql

-- Ticks: each does the tasks that are due, for about a minute, in one warm session. It is started again as soon as it has ended,
-- or within 2 s if it was killed. The ticks share the tasks, so that two slow tasks do not keep the others waiting; the first
-- tick does only prompt tasks. Each is a DO block: a function may not commit, and a procedure that commits may not have a
-- search_path of its own. It is short because pg_cron stores it with every run.
select cron.schedule('tick-1', '2 seconds', $$do 'declare t private.tick;
begin loop t := private.step_tick(t, true); commit; exit when t.ends_at is null; end loop; end'$$);

select cron.schedule('tick-2', '2 seconds', $$do 'declare t private.tick;
begin loop t := private.step_tick(t, false); commit; exit when t.ends_at is null; end loop; end'$$);

select cron.schedule('tick-3', '2 seconds', $$do 'declare t private.tick;
begin loop t := private.step_tick(t, false); commit; exit when t.ends_at is null; end loop; end'$$);
