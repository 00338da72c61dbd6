-- Undoing a bulk action, within 30 days: each lead gets its former value back, unless somebody has changed the field since.

create function private.undo_changes(p_org_id uuid, p_undo_id uuid, p_job public.jobs, p_lead_ids uuid[], p_now timestamptz)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  v_action text := p_job.input ->> 'action';
  v_value jsonb := p_job.input -> 'value';
  v_field text;
  v_ids uuid[];
  v_count integer;
  v_figures jsonb;
begin
  perform private.set_lead_cause('bulk');
  if v_action in ('delete', 'restore') then
    v_ids := array(
      select c.lead_id from private.bulk_changes c join public.leads l on l.id = c.lead_id
      where c.job_id = p_job.id and c.lead_id = any (p_lead_ids)
        and l.deleted_at is not distinct from (c.after #>> '{}')::timestamptz
      order by c.lead_id);
    v_figures := case v_action
      when 'delete' then private.restore_leads(p_org_id, p_undo_id, v_ids)
      else private.delete_leads(p_org_id, p_undo_id, v_ids, p_now) end;
    v_count := cardinality(p_lead_ids) - cardinality(v_ids);
  elsif v_action in ('add_to_segment', 'remove_from_segment') then
    v_figures := private.set_segment_leads(p_org_id, p_undo_id, (v_value #>> '{}')::uuid, v_action = 'remove_from_segment',
      p_lead_ids, p_now);
    v_count := cardinality(p_lead_ids) - (v_figures ->> 'changed')::integer;
  else
    select s.field into v_field from private.bulk_action_sql(v_action, v_value) s;
    perform 1 from public.leads l where l.id = any (p_lead_ids) order by l.id for no key update;
    execute format($sql$
      update public.leads l set %1$I = %2$s
      from private.bulk_changes c
      where c.job_id = $1 and c.lead_id = any ($2) and l.id = c.lead_id and l.deleted_at is null
        and coalesce(to_jsonb(l.%1$I), 'null') = coalesce(c.after, 'null')
      $sql$, v_field,
      case v_field when 'tags' then 'array(select jsonb_array_elements_text(c.before))' else 'c.before #>> ''{}''' end)
    using p_job.id, p_lead_ids;
    get diagnostics v_count = row_count;
    v_figures := jsonb_build_object('changed', v_count);
    v_count := cardinality(p_lead_ids) - v_count;
  end if;
  return v_figures || case when v_count > 0 then jsonb_build_object('skipped_changed_since', v_count) else '{}' end;
end;
$$;
comment on function private.undo_changes(uuid, uuid, public.jobs, uuid[], timestamptz) is
  'Gives leads back the values they had before a bulk action (p_job), if the field still has the value that the action set: '
  '{changed, skipped_changed_since} and the figures of restoring or deleting.';

create function private.bulk_undo_step(p_job public.jobs, p_step integer, p_now timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
declare
  v_state private.job_states;
  v_original public.jobs;
  v_ids uuid[];
begin
  select * into v_state from private.job_states s where s.job_id = p_job.id;
  if p_step = 0 then
    insert into private.job_items (job_id, chunk, item_ids)
    select p_job.id, n.chunk, array_agg(n.lead_id order by n.lead_id)
    from (
      select c.lead_id, ((row_number() over (order by c.lead_id) - 1) / 1000 + 1)::integer as chunk
      from private.bulk_changes c where c.job_id = (p_job.input ->> 'job_id')::uuid
    ) n
    group by n.chunk;
    perform private.advance_job(p_job.id, 0, false, '{"changed": 0}', jsonb_build_object(
      'chunks', (select max(l.chunk) from private.job_items l where l.job_id = p_job.id)), p_now);
    return;
  end if;
  select * into v_original from public.jobs j where j.id = (p_job.input ->> 'job_id')::uuid;
  select i.item_ids into v_ids from private.job_items i where i.job_id = p_job.id and i.chunk = p_step;
  perform private.advance_job(p_job.id, cardinality(v_ids), p_step = (v_state.cursor ->> 'chunks')::integer,
    private.add_figures(p_job.result, private.undo_changes(p_job.org_id, p_job.id, v_original, v_ids, p_now)), '{}', p_now);
end;
$$;
comment on function private.bulk_undo_step(public.jobs, integer, timestamptz) is
  'A step of an undo: the first fixes its leads, which are those that the action changed; each other step gives up to 1,000 of '
  'them their former values back. The caller holds the job''s lock.';

create function private.undo_bulk_action(p_job_id uuid, p_now timestamptz default now())
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_org_id uuid := private.require_role('operator');
  v_original public.jobs;
  v_undo public.jobs;
  v_input jsonb := jsonb_build_object('job_id', p_job_id);
  v_changed bigint;
  v_figures jsonb;
begin
  select * into v_original from public.jobs j
  where j.org_id = v_org_id and j.id = p_job_id and j.kind = 'lead_bulk_action' for no key update;
  if v_original.id is null then
    perform private.raise_error('PT404', 'not_found', 'There is no bulk action with this id.');
  end if;
  perform private.require_role(v_original.required_role);
  if v_original.finished_at is null then
    perform private.raise_error('PT409', 'invalid_state', 'The action has not ended yet: cancel it first.',
      jsonb_build_object('status', v_original.status));
  elsif v_original.finished_at < p_now - interval '30 days' then
    perform private.raise_error('PT409', 'invalid_state', 'A bulk action can be undone only within 30 days of its end.');
  elsif exists (
    select 1 from public.jobs j
    where j.org_id = v_org_id and j.kind = 'lead_bulk_undo' and j.input ->> 'job_id' = p_job_id::text
      and j.status not in ('failed', 'canceled'))
  then
    perform private.raise_error('PT409', 'invalid_state', 'This bulk action was undone already.');
  end if;

  select count(*) into v_changed from (select from private.bulk_changes c where c.job_id = p_job_id limit 1001) c;
  if v_changed > 1000 then
    v_undo.id := private.create_job(v_org_id, 'lead_bulk_undo', v_original.required_role, v_input, '{}', p_now);
    select count(*) into v_changed from private.bulk_changes c where c.job_id = p_job_id;
    update public.jobs j set total_items = v_changed where j.id = v_undo.id;
  else
    insert into public.jobs (org_id, kind, status, required_role, input, created_by, created_at, started_at)
    values (v_org_id, 'lead_bulk_undo', 'running', v_original.required_role, v_input,
      (select u.id from public.users u where u.id = auth.uid()), p_now, p_now)
    returning * into v_undo;
    v_figures := private.undo_changes(v_org_id, v_undo.id, v_original,
      array(select c.lead_id from private.bulk_changes c where c.job_id = p_job_id order by c.lead_id), p_now);
    update public.jobs j
    set status = 'completed', total_items = v_changed, done_items = v_changed, result = v_figures, finished_at = p_now
    where j.id = v_undo.id;
  end if;
  perform private.record_audit_event(v_org_id, 'leads_bulk_undo', null, null, null,
    v_input || jsonb_build_object('undo_job_id', v_undo.id));
  return (select to_jsonb(j) from public.jobs j where j.id = v_undo.id);
end;
$$;
comment on function private.undo_bulk_action(uuid, timestamptz) is
  'For people who may start such an action: undoes a bulk action, also one that was canceled or failed, within 30 days of its '
  'end. Up to 1,000 leads are done at once, more by a job. Returns the job. Raises PT403, PT404, PT409. Security definer: users '
  'may not write leads.';
grant execute on function private.undo_bulk_action(uuid, timestamptz) to authenticated;

create function public.undo_bulk_action(p_job_id uuid)
returns jsonb language sql set search_path = ''
as $$ select private.undo_bulk_action(p_job_id) $$;
comment on function public.undo_bulk_action(uuid) is 'See private.undo_bulk_action.';
grant execute on function public.undo_bulk_action(uuid) to authenticated;
