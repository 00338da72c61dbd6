create function private.save_segment(p_segment_id uuid, p_input jsonb, p_now timestamptz default now())
returns uuid
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_org_id uuid := private.require_role('operator');
  v_segment public.segments;
  v_ids uuid[];
begin
  perform private.check_shape(p_input, private.segment_shape());
  v_ids := private.filter_ids(p_input, 'lead_ids');
  if p_segment_id is null then
    perform private.lock_count(v_org_id, 'segments');
    if (select count(*) from public.segments s where s.org_id = v_org_id) >= 500 then
      perform private.raise_error('PT409', 'invalid_state',
        'Your organisation has 500 segments, as many as it may have: delete one you no longer need.',
        '{"limit": 500}');
    end if;
    v_segment.id := gen_random_uuid();
    v_segment.kind := p_input ->> 'kind';
  else
    select * into v_segment from public.segments s where s.org_id = v_org_id and s.id = p_segment_id for no key update;
    if not found then
      perform private.raise_error('PT404', 'not_found', 'There is no segment with this id.');
    elsif p_input = '{}' then
      perform private.refuse_field('input', 'Give at least one field to change.');
    elsif p_input ? 'kind' then
      perform private.refuse_field('kind', 'The kind of a segment can''t change: leave it out, or create another segment.');
    end if;
  end if;
  v_segment.name := trim(case when p_input ? 'name' then p_input ->> 'name' else v_segment.name end);
  v_segment.description := case when p_input ? 'description' then trim(p_input ->> 'description') else v_segment.description end;
  v_segment.filter := case when p_input ? 'filter' then p_input -> 'filter' else v_segment.filter end;
  if coalesce(v_segment.name, '') = '' then
    perform private.refuse_field('name', 'Give the segment a name.');
  elsif coalesce(v_segment.kind, '') not in ('filter', 'list') then
    perform private.refuse_field('kind', 'kind must be "filter" or "list".');
  elsif v_segment.kind = 'filter' and v_segment.filter is null then
    perform private.refuse_field('filter', 'A segment of kind filter needs a filter.');
  elsif v_segment.kind = 'list' and v_segment.filter is not null then
    perform private.refuse_field('filter', 'A list has no filter: give it lead_ids.');
  elsif v_segment.kind = 'filter' and v_ids is not null then
    perform private.refuse_field('lead_ids', 'A segment of kind filter contains the leads that match it: leave lead_ids out.');
  end if;
  if v_segment.filter is not null then
    perform private.check_shape(v_segment.filter, private.segment_shape() #> '{properties,filter}', 'filter');
    perform private.lead_condition(v_org_id, v_segment.filter, p_now);
  end if;
  if exists (select 1 from public.segments s where s.org_id = v_org_id and lower(trim(s.name)) = lower(v_segment.name)
    and s.id <> v_segment.id) then
    perform private.raise_error('PT409', 'duplicate', format('There is a segment %s already.', v_segment.name),
      jsonb_build_object('field', 'name'));
  end if;

  if p_segment_id is null then
    insert into public.segments (id, org_id, name, description, kind, filter, created_by, created_at, updated_at)
    values (v_segment.id, v_org_id, v_segment.name, v_segment.description, v_segment.kind, v_segment.filter,
      (select u.id from public.users u where u.id = auth.uid()), p_now, p_now);
  else
    update public.segments s set name = v_segment.name, description = v_segment.description, filter = v_segment.filter
      where s.id = p_segment_id;
  end if;
  if v_ids is not null then
    perform private.add_to_segment(v_org_id, v_segment.id, v_ids, p_now);
  end if;
  return v_segment.id;
end;
$$;
comment on function private.save_segment(uuid, jsonb, timestamptz) is
  'Operators: creates a segment (p_segment_id null; name, kind filter or list, description, filter) or changes one (name, '
  'description, filter); lead_ids are added to a list. Returns its id. Raises PT403, PT404, PT409 duplicate, PT422. Security '
  'definer: users may not write segments.';
grant execute on function private.save_segment(uuid, jsonb, timestamptz) to authenticated, service_role;

create function public.save_segment(p_input jsonb, p_segment_id uuid default null)
returns uuid language sql set search_path = ''
as $$ select private.save_segment(p_segment_id, p_input) $$;
comment on function public.save_segment(jsonb, uuid) is 'See private.save_segment.';
grant execute on function public.save_segment(jsonb, uuid) to authenticated, service_role;
