-- Queues are read in turns: the next message is that of the organisation whose work took the least time, and one that is read again and
-- again, because whoever read it died, comes back later each time.

create table private.work_turns (
  queue text not null,
  org_id uuid not null references public.orgs (id) on delete cascade,
  began double precision not null,
  ends double precision not null,
  primary key (queue, org_id)
) with (fillfactor = 50);
create index work_turns_org_idx on private.work_turns (org_id);
create index work_turns_began_idx on private.work_turns (queue, began);
comment on table private.work_turns is 'Turns of organisations at a queue (builds, imports, jobs, lookups, enrichments), in seconds of the queue''s own clock: where the last turn began, and where it ends by the time that the work took. The next turn is that of whoever''s ends first.';
alter table private.work_turns enable row level security;

create function private.uuid_or_null(p_text text)
returns uuid
language sql
immutable
set search_path = ''
as $$
  select case when p_text ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' then p_text::uuid end;
$$;
comment on function private.uuid_or_null(text) is 'A text as the uuid it is, in lower case as Postgres writes it; null if it is none.';

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
  -- An organisation has some dozens of messages at most (20261128000360_active_work.sql), so that 2,000 show many of them.
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
  'Reads one due message of a queue, of the organisation whose turn ends first (private.work_turns): who used 5 seconds comes after those who used half a second ten times. Null if none is due. It becomes visible again after p_visibility_seconds, after twice as long each time it is read again (15 minutes at most): read_ct counts, committed with the read, what began and never ended.';

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
  'Counts what a message that read_in_turn gave took, p_seconds (an hour at most), in place of the second that it was read for. Called once it is done or failed. Definer: the worker may not write this table.';

-- Builds.

create function private.set_aside_build(p_campaign_id uuid, p_message_id bigint, p_now timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
declare
  v_campaign public.campaigns;
  v_error text;
  v_reason text;
begin
  perform pgmq.delete('builds', p_message_id);
  select * into v_campaign from public.campaigns c where c.id = p_campaign_id and c.status = 'building' for no key update;
  if not found then
    return;
  end if;
  select f.error into v_error from private.work_failures f where f.kind = 'build' and f.item = p_campaign_id;
  v_reason := format(
    'Its audience could not be built in five tries: %s Change whom it is for, such as a segment that is gone or a filter that cannot be right, then build it again.',
    coalesce(v_error, 'each ended without a word, mostly because it took too much time or memory.'));
  perform private.give_up_build(v_campaign, v_reason, p_now);
  perform private.clear_failure('build', p_campaign_id, p_now);
  perform private.close_alerts(v_campaign.org_id, 'build_stuck', p_now, p_campaign_id);
end;
$$;
comment on function private.set_aside_build(uuid, bigint, timestamptz) is
  'Gives a build up after five tries: the campaign is a draft again and says why, with the alert build_failed; its message goes.';

create function private.claim_build(p_visibility_seconds integer default 60, p_max_reads integer default 5, p_now timestamptz default now())
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_message pgmq.message_record;
  v_id uuid;
begin
  loop
    v_message := private.read_in_turn('builds', p_visibility_seconds);
    if v_message.msg_id is null then
      return null;
    end if;
    v_id := private.uuid_or_null(v_message.message ->> 'campaign_id');
    begin
      if not exists (select from public.campaigns c where c.id = v_id and c.status = 'building') then
        perform pgmq.delete('builds', v_message.msg_id);
      elsif v_message.read_ct > p_max_reads then
        perform private.set_aside_build(v_id, v_message.msg_id, p_now);
      else
        return jsonb_build_object('message_id', v_message.msg_id, 'read_count', v_message.read_ct, 'campaign_id', v_id,
          'org_id', (select c.org_id from public.campaigns c where c.id = v_id), 'leads', (v_message.message ->> 'leads')::integer);
      end if;
    exception when query_canceled or others then
      raise warning 'the build of campaign % can neither be tried nor given up: % (%)', v_id, sqlerrm, sqlstate;
      perform pgmq.set_vt('builds', v_message.msg_id, 3600);
    end;
  end loop;
end;
$$;
comment on function private.claim_build(integer, integer, timestamptz) is
  'Takes the next chunk to build, in turns between organisations: {message_id, read_count, campaign_id, org_id, leads: how many at most, null unless chunks took too long}; null if none is due. The caller commits before run_build, so that tries count whatever becomes of them; one read more than p_max_reads times is given up. Definer: the worker may not read the queue.';

create function private.run_build(p_message_id bigint, p_campaign_id uuid, p_limit integer default 10000, p_now timestamptz default now())
returns boolean
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_leads jsonb;
begin
  select jsonb_strip_nulls(jsonb_build_object('leads', q.message -> 'leads')) into v_leads from pgmq.q_builds q where q.msg_id = p_message_id;
  -- One transaction: the queue row goes with the chunk it stood for. Without the row somebody else has built it.
  if not pgmq.delete('builds', p_message_id) then
    return false;
  end if;
  if private.build_chunk(p_campaign_id, p_limit, p_now) then
    perform pgmq.send('builds', jsonb_build_object('campaign_id', p_campaign_id) || v_leads);
  end if;
  update public.campaigns c set needs_attention = null
  where c.id = p_campaign_id and c.status in ('building', 'ready') and c.needs_attention is not null;
  perform private.clear_failure('build', p_campaign_id, p_now);
  return true;
end;
$$;
comment on function private.run_build(bigint, uuid, integer, timestamptz) is
  'Builds the chunk that claim_build gave, p_limit leads at most, and queues the next, which is as small as this one had to be; whether it was still to be built. Raises what building raises: see fail_build. Definer: the worker may not read these tables.';

create function private.fail_build(
  p_message_id bigint,
  p_campaign_id uuid,
  p_error text,
  p_leads integer default null,
  p_max_reads integer default 5,
  p_now timestamptz default now()
)
returns void
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_reads integer;
  v_org_id uuid;
begin
  select q.read_ct into v_reads from pgmq.q_builds q where q.msg_id = p_message_id for update;
  select c.org_id into v_org_id from public.campaigns c where c.id = p_campaign_id;
  if v_reads is null or v_org_id is null then
    return;
  end if;
  if v_reads < p_max_reads then
    perform private.note_failure('build', p_campaign_id, v_org_id, p_error, p_now);
    if p_leads is not null then
      update pgmq.q_builds q set message = q.message || jsonb_build_object('leads', p_leads) where q.msg_id = p_message_id;
    end if;
    perform pgmq.set_vt('builds', p_message_id, (10 * power(2, v_reads - 1))::integer);
  else
    insert into private.work_failures as f (kind, item, org_id, tries, error, failed_at, next_try_at)
    values ('build', p_campaign_id, v_org_id, 1, left(p_error, 500), p_now, p_now)
    on conflict (kind, item) do update set error = excluded.error;
    perform private.set_aside_build(p_campaign_id, p_message_id, p_now);
  end if;
end;
$$;
comment on function private.fail_build(bigint, uuid, text, integer, integer, timestamptz) is
  'Records why a chunk could not be built: it is tried again after 10, 20, 40 and 80 s, and given up at the fifth try. p_leads: how many leads it and the chunks after it may have from now on; null leaves that. Definer: the worker may not write these tables.';

drop function private.next_build(integer, timestamptz);

-- Imports and jobs: as before, but read in turns, and a message that can neither be handed out nor given up holds up no other.

create function private.import_to_do(p_message pgmq.message_record, p_max_reads integer, p_now timestamptz)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  v_undo boolean := coalesce((p_message.message ->> 'undo')::boolean, false);
  v_import public.imports;
begin
  select * into v_import from public.imports i where i.id = (p_message.message ->> 'import_id')::uuid;
  if v_import.id is null
    or v_undo and (v_import.status <> 'undoing' or v_import.undo_after is distinct from (p_message.message ->> 'after')::uuid)
    or not v_undo and (v_import.status not in ('queued', 'running') or v_import.next_chunk <> (p_message.message ->> 'chunk')::integer)
  then
    perform pgmq.delete('imports', p_message.msg_id);
    return null;
  elsif p_message.read_ct > p_max_reads then
    perform private.fail_import(v_import.id, p_message.msg_id, case
      when v_undo then format(
        'The undo stopped %s times after %s leads and was given up. Undo the import again to go on from there.',
        p_max_reads, v_import.undone_rows + v_import.kept_rows + v_import.hidden_rows)
      else format(
        'The import stopped %s times at line %s and was given up. What came before that line is imported. Resume it to go on from there.',
        p_max_reads, v_import.next_line)
    end, p_now);
    return null;
  elsif v_import.run_started_at is null then
    update public.imports i set run_started_at = p_now where i.id = v_import.id;
  end if;
  return private.import_claim(p_message.msg_id, p_message.read_ct, v_import) || jsonb_build_object('org_id', v_import.org_id);
end;
$$;
comment on function private.import_to_do(pgmq.message_record, integer, timestamptz) is
  'What a message of the queue of imports stands for, as claim_import_chunk gives it; null, and the message gone, if that is done already or was read more than p_max_reads times and is given up.';

create or replace function private.claim_import_chunk(p_visibility_seconds integer default 30, p_max_reads integer default 5, p_now timestamptz default now())
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_message pgmq.message_record;
  v_claim jsonb;
begin
  loop
    v_message := private.read_in_turn('imports', p_visibility_seconds);
    if v_message.msg_id is null then
      return null;
    end if;
    begin
      v_claim := private.import_to_do(v_message, p_max_reads, p_now);
    exception when query_canceled or others then
      raise warning 'import % can neither go on nor be given up: % (%)', v_message.message ->> 'import_id', sqlerrm, sqlstate;
      perform pgmq.set_vt('imports', v_message.msg_id, 3600);
      v_claim := null;
    end;
    if v_claim is not null then
      return v_claim;
    end if;
  end loop;
end;
$$;

create function private.job_to_do(p_message pgmq.message_record, p_max_reads integer, p_now timestamptz)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  v_job public.jobs;
  v_state private.job_states;
begin
  if p_message.message ? 'remove_files' then
    -- Files that cannot be removed are tried for ever, in the end four times a day: nobody waits for it.
    if p_message.read_ct > p_max_reads then
      perform pgmq.set_vt('jobs', p_message.msg_id, 21600);
    end if;
    return jsonb_build_object('message_id', p_message.msg_id, 'read_count', p_message.read_ct, 'work', 'remove_files',
      'folder', p_message.message ->> 'remove_files');
  end if;
  select * into v_job from public.jobs j where j.id = (p_message.message ->> 'job_id')::uuid;
  select * into v_state from private.job_states s where s.job_id = v_job.id;
  if v_state.job_id is null or v_state.step <> (p_message.message ->> 'step')::integer then
    perform pgmq.delete('jobs', p_message.msg_id);
    return null;
  elsif p_message.read_ct > p_max_reads then
    perform private.fail_job(v_job.id, p_message.msg_id, format(
      'The job stopped %s times in the same place, after %s of %s leads, and was given up. What it had done by then is done.',
      p_max_reads, v_job.done_items, coalesce(v_job.total_items::text, 'an unknown number of')), p_now);
    return null;
  end if;
  update public.jobs j set status = 'running', started_at = p_now where j.id = v_job.id and j.status = 'queued';
  return jsonb_build_object(
    'message_id', p_message.msg_id, 'read_count', p_message.read_ct, 'id', v_job.id, 'org_id', v_job.org_id,
    'kind', v_job.kind, 'input', v_job.input, 'step', v_state.step, 'cursor', v_state.cursor, 'total_items', v_job.total_items,
    -- Only the files of an export need more than the database.
    'work', case when v_job.kind = 'lead_export' and v_state.step > 0 then 'export' else 'database' end);
end;
$$;
comment on function private.job_to_do(pgmq.message_record, integer, timestamptz) is
  'What a message of the queue of jobs stands for, as claim_job_step gives it; null, and the message gone, if that is done already or was read more than p_max_reads times and is given up.';

create or replace function private.claim_job_step(p_visibility_seconds integer default 30, p_max_reads integer default 5, p_now timestamptz default now())
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_message pgmq.message_record;
  v_claim jsonb;
begin
  loop
    v_message := private.read_in_turn('jobs', p_visibility_seconds);
    if v_message.msg_id is null then
      return null;
    end if;
    begin
      v_claim := private.job_to_do(v_message, p_max_reads, p_now);
    exception when query_canceled or others then
      raise warning 'job % can neither go on nor be given up: % (%)', v_message.message ->> 'job_id', sqlerrm, sqlstate;
      perform pgmq.set_vt('jobs', v_message.msg_id, 3600);
      v_claim := null;
    end;
    if v_claim is not null then
      return v_claim;
    end if;
  end loop;
end;
$$;

-- The worker sends, the side worker does what takes CPU: each is called for its own.

create or replace function private.due_work(p_within interval default '5 seconds', p_now timestamptz default now())
returns jsonb
language sql
stable
security definer
set search_path = ''
as $$
  select jsonb_build_object(
    'sends', private.queue_is_due('sends', p_within),
    'replies', private.queue_is_due('replies', p_within),
    'builds', private.queue_is_due('builds', '0'),
    -- The first by the index: asked whether any is due, the planner reads the table.
    'looks', coalesce((
      select a.next_look_at from public.send_attempts a
      where a.next_look_at is not null and not private.is_resting('look', a.id, p_now) order by a.next_look_at limit 1) <= p_now, false),
    'accounts', exists (select 1 from private.account_checks k where k.due_at <= p_now),
    'next_due_ms', (
      select greatest(extract(epoch from min(q.vt) - clock_timestamp()) * 1000, 0)::integer
      from (
        select min(s.vt) as vt from pgmq.q_sends s
        union all
        select min(r.vt) from pgmq.q_replies r
      ) q
      where q.vt <= clock_timestamp() + p_within));
$$;
comment on function private.due_work(interval, timestamptz) is
  'What the worker has to do: sends and replies within p_within; builds, looks for unknown sends and checks of accounts now; next_due_ms: milliseconds until the next message, null if none comes within p_within. Definer: the worker may not read these tables.';

create function private.due_side_work()
returns jsonb
language sql
stable
security definer
set search_path = ''
as $$
  select jsonb_build_object(
    'imports', private.queue_is_due('imports', '0'),
    'jobs', private.queue_is_due('jobs', '0'),
    'lookups', private.queue_is_due('lookups', '0'),
    'enrichments', private.queue_is_due('enrichments', '0'));
$$;
comment on function private.due_side_work() is
  'What the side worker has to do now: imports, jobs, lookups, enrichments. Definer: it may not read the queues.';

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
  'Posts to a function of ours with the worker''s secret, once the transaction commits; p_path begins with /. False if the Vault secrets are not set. A lost call is made good by the next.';

create or replace function private.call_worker()
returns boolean
language sql
security definer
set search_path = ''
as $$
  select private.call_function('/worker/drain');
$$;

create or replace function private.kick_workers(p_now timestamptz default now())
returns integer
language plpgsql
set search_path = ''
as $$
declare
  v_due integer;
  v_calls integer := 0;
begin
  if exists (select 1 from jsonb_each_text(private.due_side_work()) w where w.value = 'true') then
    perform private.call_function('/side-worker/drain');
  end if;
  if not exists (select 1 from jsonb_each_text(private.due_work('5 seconds', p_now)) w where w.value = 'true') then
    return 0;
  end if;
  select count(*) into v_due from (select 1 from pgmq.q_sends q where q.vt <= clock_timestamp() + interval '5 seconds' limit 4000) due;
  v_calls := least(greatest(ceil(v_due / 1000.0)::integer, 1), 4);
  for i in 1 .. v_calls loop
    exit when not private.call_worker();
  end loop;
  return v_calls;
end;
$$;
comment on function private.kick_workers(timestamptz) is
  'Calls the side worker once if it has anything to do, and the worker as often as there is work: one call for each 1,000 sends due, four at most. Returns how often the worker.';

create or replace function private.kick_file_removal(p_now timestamptz default now())
returns boolean
language sql
set search_path = ''
as $$
  select cardinality(private.stale_import_files(1, p_now)) > 0 and private.call_function('/side-worker/remove-import-files');
$$;
comment on function private.kick_file_removal(timestamptz) is 'Posts to the side worker if files of imports are to be removed; returns whether. A lost call is made good by the next.';

grant execute on function
  private.claim_build(integer, integer, timestamptz), private.run_build(bigint, uuid, integer, timestamptz),
  private.fail_build(bigint, uuid, text, integer, integer, timestamptz), private.charge_turn(text, uuid, double precision),
  private.due_side_work() to worker;
