-- Bulk actions as people start them. On request they are only counted first. Few leads are changed at once, many by a job.

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
      -- Tags are stored in capitals, however they were typed.
      p_value := case when v_kind <> 'array' then coalesce(p_value, 'null')
        else (select coalesce(to_jsonb(array_agg(case jsonb_typeof(e) when 'string' then to_jsonb(upper(e #>> '{}')) else e end
          order by n)), '[]') from jsonb_array_elements(p_value) with ordinality x (e, n)) end;
      perform private.check_shape(p_value, private.tags_shape() || '{"minItems": 1}', 'value');
      return (select to_jsonb(array_agg(t.tag order by t.n)) from (
        select e #>> '{}' as tag, min(n) as n from jsonb_array_elements(p_value) with ordinality x (e, n) group by 1) t);
    when p_action = 'set_status' then
      perform private.check_shape(p_value, private.lead_shape() #> '{properties,status}', 'value');
    when p_action = 'set_score' then
      perform private.check_shape(p_value, private.lead_shape() #> '{properties,lead_score}', 'value');
    when p_action = 'set_source' then
      perform private.check_shape(coalesce(p_value, 'null'), private.lead_shape() #> '{properties,source}', 'value');
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
        'action must be add_tags, remove_tags, set_status, set_score, set_source, add_to_segment, remove_from_segment, delete '
        'or restore.');
  end case;
  return p_value;
end;
$$;
comment on function private.check_bulk_value(uuid, text, jsonb) is
  'The value of a bulk action in the form in which it is stored. Raises PT422 if the value does not suit the action.';

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
comment on function private.change_leads(public.jobs, uuid[], timestamptz) is
  'Does a bulk action to some of its leads. Returns its figures, such as {changed}.';

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
    perform private.advance_job(p_job.id, 0, v_total = 0, '{"changed": 0}',
      jsonb_build_object('chunks', ceil(v_total / 1000.0)::integer), p_now);
    return;
  end if;
  select i.item_ids into v_ids from private.job_items i where i.job_id = p_job.id and i.chunk = p_step;
  perform private.advance_job(p_job.id, cardinality(v_ids), p_step = (v_state.cursor ->> 'chunks')::integer,
    private.add_figures(p_job.result, private.change_leads(p_job, v_ids, p_now)), '{}', p_now);
end;
$$;
comment on function private.bulk_action_step(public.jobs, integer, timestamptz) is
  'A step of a bulk action: the first fixes its leads, each other step changes up to 1,000 of them. The caller holds the job''s '
  'lock.';

create function private.bulk_action_shape()
returns jsonb
language sql
immutable
set search_path = ''
as $$
  select private.object_shape(jsonb_build_object(
    'action', private.word_shape('add_tags', 'remove_tags', 'set_status', 'set_score', 'set_source', 'add_to_segment',
      'remove_from_segment', 'delete', 'restore'),
    -- private.check_bulk_value checks whether the value suits the action.
    'value', private.text_shape(1000)
      || jsonb_build_object('type', '["string", "array", "null"]'::jsonb, 'maxItems', 50, 'items', private.text_shape(50)),
    'filter', private.lead_filter_shape(),
    'dry_run', '{"type": "boolean"}'::jsonb), '{action,filter}');
$$;
comment on function private.bulk_action_shape() is 'The shape of a request for a bulk action: action, value, filter, dry_run.';
