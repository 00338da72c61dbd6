-- Bulk actions as people start them: counted first on request, done at once where they are few, as a job where they are many.

create function private.check_bulk_value(p_org_id uuid, p_action text, p_value jsonb)
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
declare
  v_kind text := jsonb_typeof(coalesce(p_value, 'null'));
  v_word text := p_value #>> '{}';
begin
  case
    when p_action in ('add_tags', 'remove_tags') then
      if v_kind <> 'array' or jsonb_array_length(p_value) not between 1 and 50
        or exists (select 1 from jsonb_array_elements(p_value) e where jsonb_typeof(e) <> 'string' or e #>> '{}' !~* '^[A-Z0-9+-]{1,50}$')
      then
        perform private.refuse_field('value', 'value must list 1 to 50 tags of A-Z, 0-9, + and -, at most 50 of them each.');
      end if;
      return (select jsonb_agg(t.tag order by t.n) from (
        select upper(e #>> '{}') as tag, min(n) as n from jsonb_array_elements(p_value) with ordinality x (e, n) group by 1) t);
    when p_action = 'set_status' then
      if v_kind <> 'string' or v_word not in ('new', 'contacted', 'interested', 'not_interested', 'do_not_contact') then
        perform private.refuse_field('value', 'value must be new, contacted, interested, not_interested or do_not_contact.');
      end if;
    when p_action = 'set_score' then
      if v_kind <> 'string' or v_word not in ('cold', 'warm', 'hot') then
        perform private.refuse_field('value', 'value must be cold, warm or hot.');
      end if;
    when p_action = 'set_source' then
      if v_kind not in ('string', 'null') or length(v_word) > 200 then
        perform private.refuse_field('value', 'value must be a text of 200 characters at most, or null to empty it.');
      end if;
      return coalesce(to_jsonb(nullif(trim(v_word), '')), 'null');
    when p_action in ('add_to_segment', 'remove_from_segment') then
      if v_kind <> 'string' or not exists (
        select 1 from public.segments s where s.org_id = p_org_id and s.id::text = lower(v_word) and s.kind = 'list')
      then
        perform private.refuse_field('value', 'value must be the id of a segment that is a list.');
      end if;
    when p_action in ('delete', 'restore') then
      if v_kind <> 'null' then
        perform private.refuse_field('value', format('%s takes no value.', p_action));
      end if;
      return 'null';
    else
      perform private.refuse_field('action',
        'action must be add_tags, remove_tags, set_status, set_score, set_source, add_to_segment, remove_from_segment, delete or restore.');
  end case;
  return p_value;
end;
$$;
comment on function private.check_bulk_value(uuid, text, jsonb) is 'The value of a bulk action as it is kept. Raises PT422 where it is none for the action.';

create function private.change_leads(p_job public.jobs, p_lead_ids uuid[], p_now timestamptz)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  v_action text := p_job.input ->> 'action';
  v_value jsonb := p_job.input -> 'value';
begin
  perform private.set_lead_cause('bulk');
  return case
    when v_action = 'delete' then private.delete_leads(p_job.org_id, p_job.id, p_lead_ids, p_now)
    when v_action = 'restore' then private.restore_leads(p_job.org_id, p_job.id, p_lead_ids)
    when v_action in ('add_to_segment', 'remove_from_segment') then private.set_segment_leads(
      p_job.org_id, p_job.id, (v_value #>> '{}')::uuid, v_action = 'add_to_segment', p_lead_ids, p_now)
    else private.set_lead_field(p_job.org_id, p_job.id, v_action, v_value, p_lead_ids)
  end;
end;
$$;
comment on function private.change_leads(public.jobs, uuid[], timestamptz) is 'Does a bulk action to some of its leads; returns the figures of it.';

create function private.bulk_action_step(p_job public.jobs, p_step integer, p_now timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
declare
  v_state private.job_states;
  v_ids uuid[];
  v_total bigint;
begin
  select * into v_state from private.job_states s where s.job_id = p_job.id;
  if p_step = 0 then
    v_total := private.fix_job_leads(p_job, v_state.cursor -> 'filter', 1000, 'l.id');
    perform private.advance_job(p_job.id, 0, v_total = 0, '{"changed": 0}', jsonb_build_object('chunks', ceil(v_total / 1000.0)::integer), p_now);
    return;
  end if;
  select l.lead_ids into v_ids from private.job_leads l where l.job_id = p_job.id and l.chunk = p_step;
  perform private.advance_job(p_job.id, cardinality(v_ids), p_step = (v_state.cursor ->> 'chunks')::integer,
    private.add_figures(p_job.result, private.change_leads(p_job, v_ids, p_now)), '{}', p_now);
end;
$$;
comment on function private.bulk_action_step(public.jobs, integer, timestamptz) is
  'A step of a bulk action: the first fixes its leads, each other changes 1,000 of them. The caller holds the job''s lock.';

create function private.start_bulk_action(
  p_action text,
  p_value jsonb,
  p_filter jsonb,
  p_dry_run boolean default false,
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
  v_value jsonb := private.check_bulk_value(v_org_id, p_action, p_value);
  v_filter jsonb := p_filter;
  v_job public.jobs;
  v_condition text;
  v_changes text;
  v_answer jsonb;
  v_figures jsonb;
  v_ids uuid[];
begin
  if coalesce(jsonb_typeof(v_filter), 'null') <> 'object' then
    perform private.refuse_field('filter', 'Say which leads, by ids or another filter; {} is every lead.');
  end if;
  -- Nobody is meant by it: told rather than done in vain.
  if v_filter ? 'ids' and coalesce(cardinality(private.filter_ids(v_filter, 'ids')), 0) = 0 then
    perform private.refuse_field('ids', 'Name at least one lead.');
  end if;
  if p_action in ('delete', 'restore') or not v_filter ? 'ids' or v_filter - 'ids' - 'deleted' <> '{}' then
    v_role := 'campaign_manager';
    perform private.require_role(v_role);
  end if;
  if p_action <> 'restore' and v_filter -> 'deleted' = 'true' then
    perform private.refuse_field('filter.deleted', 'Deleted leads can only be restored.');
  end if;
  v_filter := v_filter - 'deleted' || case p_action when 'restore' then '{"deleted": true}'::jsonb else '{}' end;
  v_condition := private.lead_condition(v_org_id, v_filter, p_now);
  select s.changes into v_changes from private.bulk_action_sql(p_action, v_value) s;
  execute format(
    'select jsonb_build_object(''matched'', count(*), ''would_change'', count(*) filter (where %s)) from public.leads l where %s',
    v_changes, v_condition) into v_answer;
  if p_dry_run then
    execute format(
      'select array_agg(s.id) from (select l.id from public.leads l where %s and %s order by l.created_at desc, l.id desc limit 5) s',
      v_condition, v_changes) into v_ids;
    return v_answer || jsonb_build_object('job', null, 'sample', (
      select coalesce(jsonb_agg(j.lead order by x.n), '[]') from unnest(v_ids) with ordinality x (id, n) join private.leads_json(v_ids) j on j.id = x.id));
  end if;

  if (v_answer ->> 'matched')::bigint > 1000 then
    v_job.id := private.create_job(v_org_id, 'lead_bulk_action', v_role,
      jsonb_build_object('action', p_action, 'value', v_value, 'filter', private.shown_filter(v_filter)),
      jsonb_build_object('filter', v_filter), p_now);
  else
    execute format('select coalesce(array_agg(l.id order by l.id), ''{}'') from public.leads l where %s', v_condition) into v_ids;
    insert into public.jobs (org_id, kind, status, required_role, input, created_by, created_at, started_at)
    values (v_org_id, 'lead_bulk_action', 'running', v_role,
      jsonb_build_object('action', p_action, 'value', v_value, 'filter', private.shown_filter(v_filter)),
      (select u.id from public.users u where u.id = auth.uid()), p_now, p_now)
    returning * into v_job;
    v_figures := private.change_leads(v_job, v_ids, p_now);
    update public.jobs j
    set status = 'completed', total_items = cardinality(v_ids), done_items = cardinality(v_ids), result = v_figures, finished_at = p_now
    where j.id = v_job.id;
  end if;
  perform private.record_audit_event(v_org_id, 'leads_bulk_action', null, null, null, v_answer || jsonb_build_object(
    'job_id', v_job.id, 'action', p_action, 'value', v_value));
  return v_answer || jsonb_build_object('sample', '[]'::jsonb, 'job', (select to_jsonb(j) from public.jobs j where j.id = v_job.id));
end;
$$;
comment on function private.start_bulk_action(text, jsonb, jsonb, boolean, timestamptz) is
  'Changes many leads: add_tags, remove_tags (value: tags), set_status, set_score, set_source (value), add_to_segment, remove_from_segment (value: a list''s id), delete, restore. Operators by ids; campaign managers by any filter, and to delete and restore. Up to 1,000 leads at once, more as a job: {matched, would_change, job, sample}. p_dry_run: counts only, with five leads that would change. Raises PT403, PT422. Definer: users may not write leads.';

create function public.start_bulk_action(p_input jsonb)
returns jsonb language sql set search_path = ''
as $$
  select private.start_bulk_action(
    p_input ->> 'action', p_input -> 'value', p_input -> 'filter', coalesce((p_input ->> 'dry_run')::boolean, false))
$$;
comment on function public.start_bulk_action(jsonb) is 'See private.start_bulk_action. p_input: action, value, filter, dry_run.';

grant execute on function
  private.start_bulk_action(text, jsonb, jsonb, boolean, timestamptz), public.start_bulk_action(jsonb)
to authenticated;
