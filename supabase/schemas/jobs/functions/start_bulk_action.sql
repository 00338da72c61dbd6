create function private.start_bulk_action(
  p_input jsonb,
  p_now timestamptz default now()
)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_org_id uuid := private.require_role('operator');
  v_role public.user_role := 'operator';
  v_action text;
  v_value jsonb;
  v_filter jsonb;
  v_job public.jobs;
  v_condition text;
  v_changes text;
  v_answer jsonb;
  v_figures jsonb;
  v_ids uuid[];
begin
  perform private.check_shape(p_input, private.bulk_action_shape());
  v_action := p_input ->> 'action';
  v_value := private.check_bulk_value(v_org_id, v_action, p_input -> 'value');
  v_filter := p_input -> 'filter';
  -- An empty list of ids is refused, so that it does not seem to have worked.
  if v_filter ? 'ids' and coalesce(cardinality(private.filter_ids(v_filter, 'ids')), 0) = 0 then
    perform private.refuse_field('ids', 'Name at least one lead.');
  end if;
  if v_action in ('delete', 'restore') or not v_filter ? 'ids' or v_filter - 'ids' - 'deleted' <> '{}' then
    v_role := 'campaign_manager';
    perform private.require_role(v_role);
  end if;
  if v_action <> 'restore' and v_filter -> 'deleted' = 'true' then
    perform private.refuse_field('filter.deleted', 'Deleted leads can only be restored.');
  end if;
  v_filter := v_filter - 'deleted' || case v_action when 'restore' then '{"deleted": true}'::jsonb else '{}' end;
  v_condition := private.lead_condition(v_org_id, v_filter, p_now);
  select s.changes into v_changes from private.bulk_action_sql(v_action, v_value) s;
  execute format(
    'select jsonb_build_object(''matched'', count(*), ''would_change'', count(*) filter (where %s)) from public.leads l where %s',
    v_changes, v_condition) into v_answer;
  if (p_input -> 'dry_run')::boolean then
    execute format(
      'select array_agg(s.id) from (select l.id from public.leads l where %s and %s order by l.created_at desc, l.id desc limit '
      '5) s',
      v_condition, v_changes) into v_ids;
    return v_answer || jsonb_build_object('job', null, 'sample', (
      select coalesce(to_jsonb(array_agg(j.lead order by x.n)), '[]') from unnest(v_ids) with ordinality x (id, n)
        join private.leads_json(v_ids) j on j.id = x.id));
  end if;

  if (v_answer ->> 'matched')::bigint > 1000 then
    v_job.id := private.create_job(v_org_id, 'lead_bulk_action', v_role,
      jsonb_build_object('action', v_action, 'value', v_value, 'filter', private.shown_filter(v_filter)),
      jsonb_build_object('filter', v_filter), p_now);
  else
    execute format('select coalesce(array_agg(l.id order by l.id), ''{}'') from public.leads l where %s', v_condition) into v_ids;
    insert into public.jobs (org_id, kind, status, required_role, input, created_by, created_at, started_at)
    values (v_org_id, 'lead_bulk_action', 'running', v_role,
      jsonb_build_object('action', v_action, 'value', v_value, 'filter', private.shown_filter(v_filter)),
      (select u.id from public.users u where u.id = auth.uid()), p_now, p_now)
    returning * into v_job;
    v_figures := private.change_leads(v_job, v_ids, p_now);
    update public.jobs j
    set status = 'completed', total_items = cardinality(v_ids), done_items = cardinality(v_ids), result = v_figures,
      finished_at = p_now
    where j.id = v_job.id;
  end if;
  perform private.record_audit_event(v_org_id, 'leads_bulk_action', null, null, null, v_answer || jsonb_build_object(
    'job_id', v_job.id, 'action', v_action, 'value', v_value));
  return v_answer || jsonb_build_object('sample', '[]'::jsonb, 'job',
    (select to_jsonb(j) from public.jobs j where j.id = v_job.id));
end;
$$;
comment on function private.start_bulk_action(jsonb, timestamptz) is
  'Changes many leads. p_input (private.bulk_action_shape): action is add_tags, remove_tags (value: tags), set_status, '
  'set_score, set_source (value), add_to_segment, remove_from_segment (value: a list''s id), delete or restore; filter; dry_run. '
  'Operators may choose leads by ids; campaign managers by any filter, and only they may delete and restore. Up to 1,000 leads '
  'are changed at once, more by a job. Returns {matched, would_change, job, sample}. dry_run only counts, with a sample of five '
  'leads that would change. Raises PT403, PT422. Security definer: users may not write leads.';
grant execute on function private.start_bulk_action(jsonb, timestamptz) to authenticated;

create function public.start_bulk_action(p_input jsonb)
returns jsonb language sql set search_path = ''
as $$ select private.start_bulk_action(p_input) $$;
comment on function public.start_bulk_action(jsonb) is 'See private.start_bulk_action.';
grant execute on function public.start_bulk_action(jsonb) to authenticated;
