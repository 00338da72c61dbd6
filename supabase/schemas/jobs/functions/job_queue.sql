-- The queue of jobs. Each job has one message at any time, which names its next step and is deleted when the job ends. If a
-- worker dies, its message becomes visible again. A message for a step that is done already is deleted.

create function private.create_job(
  p_org_id uuid,
  p_kind text,
  p_required_role public.user_role,
  p_input jsonb,
  p_cursor jsonb,
  p_now timestamptz default now()
)
returns uuid
language plpgsql
set search_path = ''
as $$
declare
  v_id uuid;
begin
  -- Starting and canceling jobs again and again costs other organisations time, even if only few jobs are active at once.
  if (select count(*) from public.jobs j where j.org_id = p_org_id and j.created_at > p_now - interval '1 hour') >= 200 then
    perform private.raise_error('PT429', 'rate_limited',
      'Your organisation began 200 exports and bulk actions within an hour, which is the most. Wait, then begin this one again.',
      jsonb_build_object('limit', 200));
  end if;
  insert into public.jobs (org_id, kind, required_role, input, created_by, created_at)
  values (p_org_id, p_kind, p_required_role, p_input, (select u.id from public.users u where u.id = auth.uid()), p_now)
  returning id into v_id;
  insert into private.job_states (job_id, cursor) values (v_id, p_cursor);
  perform private.send_work('jobs', p_org_id, jsonb_build_object('job_id', v_id, 'step', 0));
  perform private.call_background_worker();
  return v_id;
end;
$$;
comment on function private.create_job(uuid, text, public.user_role, jsonb, jsonb, timestamptz) is
  'Queues a job of an organisation for the worker; returns its id. p_input is shown to people, p_cursor is only used internally. '
  'Raises PT429 if the organisation has created 200 jobs within an hour.';

create function private.fail_job(p_job_id uuid, p_message_id bigint, p_error text, p_now timestamptz default now())
returns void
language plpgsql
security definer
set search_path = ''
as $$
begin
  update public.jobs j
  set status = 'failed', error_message = left(p_error, 2000), seconds_left = null, finished_at = p_now
  where j.id = p_job_id and j.status in ('queued', 'running');
  perform pgmq.delete('jobs', p_message_id);
end;
$$;
comment on function private.fail_job(uuid, bigint, text, timestamptz) is
  'Ends a job as failed with an error that people see, and deletes its queue message. What the job has done stays done. Security '
  'definer: the worker may not write jobs.';
grant execute on function private.fail_job(uuid, bigint, text, timestamptz) to worker;

create function private.claim_job_step(p_visibility_seconds integer default 30, p_max_reads integer default 5,
  p_now timestamptz default now())
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_message pgmq.message_record;
  v_claim jsonb;
begin
  -- Stops after 20 messages, so that what was dropped is committed: a statement that went on until it found work might never end.
  for v_try in 1 .. 20 loop
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
  return jsonb_build_object('dropped', 20);
end;
$$;
comment on function private.claim_job_step(integer, integer, timestamptz) is
  'Claims the next step that is due, and hides it from other workers for p_visibility_seconds: the job, its progress, and what '
  'kind of work the step is (work: database, export). Returns {dropped} after 20 messages with nothing to do: more may be due. '
  'Null if nothing is due. A job fails if its step was begun p_max_reads times and never finished. Security definer: the worker '
  'may not read these tables.';
grant execute on function private.claim_job_step(integer, integer, timestamptz) to worker;

create function private.release_job_step(p_message_id bigint, p_delay_seconds integer default 0)
returns void
language sql
security definer
set search_path = ''
as $$
  select pgmq.set_vt('jobs', p_message_id, p_delay_seconds);
$$;
comment on function private.release_job_step(bigint, integer) is
  'Makes a claimed step visible again after p_delay_seconds: to give it back if it can''t be done now, or to keep it longer. '
  'Security definer: the worker may not write the queue itself.';
grant execute on function private.release_job_step(bigint, integer) to worker;

create function private.lock_job_step(p_job_id uuid, p_step integer, p_message_id bigint)
returns public.jobs
language plpgsql
set search_path = ''
as $$
declare
  v_job public.jobs;
begin
  select * into v_job from public.jobs j where j.id = p_job_id for no key update;
  perform pgmq.delete('jobs', p_message_id);
  if v_job.status = 'running' and exists (select 1 from private.job_states s where s.job_id = p_job_id and s.step = p_step) then
    return v_job;
  end if;
  return null;
end;
$$;
comment on function private.lock_job_step(uuid, integer, bigint) is
  'First line of every step: locks the job and deletes the message. Returns null unless the job is running and its next step is '
  'p_step: then there is nothing to do.';

create function private.advance_job(
  p_job_id uuid,
  p_done bigint,
  p_is_last boolean,
  p_result jsonb default '{}',
  p_cursor jsonb default '{}',
  p_now timestamptz default now()
)
returns void
language plpgsql
set search_path = ''
as $$
declare
  v_step integer;
  v_org_id uuid;
begin
  update public.jobs j
  set done_items = j.done_items + p_done,
      result = j.result || p_result,
      items_per_second = pace.rate,
      seconds_left = case when not p_is_last and pace.rate > 0 then ceil((j.total_items - j.done_items - p_done) / pace.rate) end,
      status = case when p_is_last then 'completed' else 'running' end,
      finished_at = case when p_is_last then p_now end
  from (
    select round(((x.done_items + p_done) / greatest(extract(epoch from p_now - x.started_at), 0.001))::numeric, 1) as rate
    from public.jobs x where x.id = p_job_id
  ) pace
  where j.id = p_job_id
  returning j.org_id into v_org_id;
  if not p_is_last then
    update private.job_states s set step = s.step + 1, cursor = s.cursor || p_cursor where s.job_id = p_job_id returning s.step
      into v_step;
    perform private.send_work('jobs', v_org_id, jsonb_build_object('job_id', p_job_id, 'step', v_step));
  end if;
end;
$$;
comment on function private.advance_job(uuid, bigint, boolean, jsonb, jsonb, timestamptz) is
  'Last line of every step, in the transaction of its changes. Adds p_done items, merges p_result and p_cursor into the stored '
  'ones, and queues the message for the next step, or ends the job. The caller holds the job''s lock.';

create function private.cancel_job(p_job_id uuid, p_now timestamptz default now())
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_org_id uuid := private.require_role('operator');
  v_job public.jobs;
begin
  -- Waits for a step that is being done, so that the answer includes what it did.
  select * into v_job from public.jobs j where j.org_id = v_org_id and j.id = p_job_id for no key update;
  if v_job.id is null then
    perform private.raise_error('PT404', 'not_found', 'There is no job with this id.');
  end if;
  perform private.require_role(v_job.required_role);
  if v_job.finished_at is not null then
    perform private.raise_error('PT409', 'invalid_state', format('The job is %s already.', v_job.status),
      jsonb_build_object('status', v_job.status));
  end if;
  update public.jobs j set status = 'canceled', seconds_left = null, finished_at = p_now where j.id = p_job_id returning *
    into v_job;
  perform private.record_audit_event(v_org_id, 'job_canceled', null, null, null,
    jsonb_build_object('job_id', p_job_id, 'kind', v_job.kind, 'done_items', v_job.done_items));
  return to_jsonb(v_job);
end;
$$;
comment on function private.cancel_job(uuid, timestamptz) is
  'For people who may start such a job: ends it where it is; what it has done stays done. Returns the row. Raises PT403, PT404, '
  'PT409. Security definer: users may not write jobs.';
grant execute on function private.cancel_job(uuid, timestamptz) to authenticated;

create function public.cancel_job(p_job_id uuid)
returns jsonb language sql set search_path = ''
as $$ select private.cancel_job(p_job_id) $$;
comment on function public.cancel_job(uuid) is 'See private.cancel_job.';
grant execute on function public.cancel_job(uuid) to authenticated;

create function private.prune_jobs(p_now timestamptz default now(), p_limit integer default 1000, p_org_id uuid default null)
returns integer
language plpgsql
set search_path = ''
as $$
declare
  v_resting uuid[] := private.resting_orgs('prune_jobs', p_org_id, p_now);
  v_count integer;
begin
  -- A hundred journal rows for each job of p_limit, so the journal of a million leads is deleted in ten hours.
  delete from private.bulk_changes c where (c.job_id, c.lead_id) in (
    select x.job_id, x.lead_id from public.jobs j join private.bulk_changes x on x.job_id = j.id
    where j.finished_at < p_now - interval '30 days' and (p_org_id is null or j.org_id = p_org_id) and j.org_id <> all (v_resting)
      limit p_limit * 100);
  delete from public.jobs j where j.id in (
    select x.id from public.jobs x where x.finished_at < p_now - interval '90 days' and (p_org_id is null or x.org_id = p_org_id)
      and x.org_id <> all (v_resting) order by x.finished_at limit p_limit);
  get diagnostics v_count = row_count;
  return v_count;
end;
$$;
comment on function private.prune_jobs(timestamptz, integer, uuid) is
  'Deletes journals of bulk actions 30 days after the end of the job, and jobs 90 days after their end, at most p_limit jobs; '
  'returns how many jobs. p_org_id: only this organisation; null: all except those for which this work is resting.';

create function private.job_to_do(p_message pgmq.message_record, p_max_reads integer, p_now timestamptz)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  v_job public.jobs;
  v_state private.job_states;
begin
  select * into v_job from public.jobs j where j.id = (p_message.message ->> 'job_id')::uuid;
  select * into v_state from private.job_states s where s.job_id = v_job.id;
  if v_state.job_id is null or v_state.step <> (p_message.message ->> 'step')::integer then
    perform pgmq.delete('jobs', p_message.msg_id);
    return null;
  elsif p_message.read_ct > p_max_reads then
    perform private.fail_job(v_job.id, p_message.msg_id, format(
      'The job stopped %s times in the same place, after %s of %s items, and was given up. What it had done before stays done.',
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
  'The step that a message of the queue of jobs is for, in the form that claim_job_step returns. Deletes the message and returns '
  'null if the step is done already, or if it was read more than p_max_reads times and the job is given up.';
