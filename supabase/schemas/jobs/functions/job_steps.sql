-- The steps of jobs that need only the database: each is one transaction with its effects. Step 0 of every job fixes which leads
-- or conversations it is about. What is added, deleted or changed after that does not change the job's list.

create function private.fix_job_items(p_job_id uuid, p_items text, p_chunk integer)
returns bigint
language plpgsql
set search_path = ''
as $$
declare
  v_total bigint;
begin
  execute format($sql$
    insert into private.job_items (job_id, chunk, item_ids)
    select $1, n.chunk, array_agg(n.id order by n.n)
    from (select i.id, i.n, ((i.n - 1) / $2 + 1)::integer as chunk from (%s) i) n
    group by n.chunk
    $sql$, p_items)
  using p_job_id, p_chunk;
  select coalesce(sum(cardinality(i.item_ids)), 0) into v_total from private.job_items i where i.job_id = p_job_id;
  update public.jobs j set total_items = v_total where j.id = p_job_id;
  return v_total;
end;
$$;
comment on function private.fix_job_items(uuid, text, integer) is
  'Fixes what a job is about: stores the ids that the query p_items finds now (columns id and n, its place from 1 on), in chunks '
  'of p_chunk. Returns how many. A million take some seconds, because only ids are read.';

create function private.fix_job_leads(p_job public.jobs, p_filter jsonb, p_chunk integer, p_order text)
returns bigint
language sql
set search_path = ''
as $$
  select private.fix_job_items(p_job.id, format(
    'select l.id, row_number() over (order by %s) as n from public.leads l where %s', p_order,
    private.lead_condition(p_job.org_id, p_filter, p_job.created_at)), p_chunk);
$$;
comment on function private.fix_job_leads(public.jobs, jsonb, integer, text) is
  'Fixes the leads of a job that match the filter now, in chunks of p_chunk, in the order p_order (columns of l). Returns how '
  'many.';

create function private.run_job_step(p_job_id uuid, p_step integer, p_message_id bigint, p_now timestamptz default now())
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_job public.jobs;
begin
  -- Before the job is locked: who is deleted is taken from their jobs, which waits for the job.
  perform private.hold_people(array[j.created_by, (j.input #>> '{change,assignee_id}')::uuid])
  from public.jobs j where j.id = p_job_id;
  v_job := private.lock_job_step(p_job_id, p_step, p_message_id);
  if v_job.id is null then
    return jsonb_build_object('applied', false);
  end if;
  case v_job.kind
    when 'lead_export' then perform private.begin_export(v_job, p_now);
    when 'lead_bulk_action' then perform private.bulk_action_step(v_job, p_step, p_now);
    when 'lead_bulk_undo' then perform private.bulk_undo_step(v_job, p_step, p_now);
    when 'conversation_bulk_change' then perform private.conversation_change_step(v_job, p_step, p_now);
  end case;
  return jsonb_build_object('applied', true);
end;
$$;
comment on function private.run_job_step(uuid, integer, bigint, timestamptz) is
  'Does a step that private.claim_job_step returned as work for the database, in one transaction with the message for the next '
  'step. Does nothing unless the job is running and its next step is p_step. Returns {applied}. Security definer: the worker may '
  'not write these tables.';
grant execute on function private.run_job_step(uuid, integer, bigint, timestamptz) to worker;
