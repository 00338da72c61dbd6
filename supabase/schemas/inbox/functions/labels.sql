create function private.save_label(p_id uuid, p_input jsonb, p_now timestamptz default now())
returns uuid
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_org_id uuid := private.require_role('campaign_manager');
  v_label public.labels;
begin
  perform private.check_shape(p_input, private.object_shape(jsonb_build_object('name', private.line_shape(50),
    'color', private.null_or('{"type": "string", "pattern": "^#[0-9a-fA-F]{6}$", "description": "write it as #1a2b3c."}'),
    'lead_tag', private.null_or('{"type": "string", "maxLength": 40, "pattern": "^[A-Z0-9+-]+$",
      "description": "use capital letters, digits, + and -."}'))));
  perform private.lock_count(v_org_id, 'labels');
  if p_id is not null then
    select * into v_label from public.labels l where l.org_id = v_org_id and l.id = p_id for no key update;
    if not found then
      perform private.raise_error('PT404', 'not_found', 'There is no label with this id.', jsonb_build_object('label_id', p_id));
    elsif p_input = '{}' then
      perform private.refuse_field('input', 'Give at least one field to change.');
    end if;
  elsif (select count(*) from public.labels l where l.org_id = v_org_id) >= 100 then
    perform private.raise_error('PT409', 'invalid_state',
      'Your organisation has 100 labels, as many as it may have: delete one first.', '{"limit": 100}');
  else
    v_label.id := gen_random_uuid();
  end if;
  v_label.name := case when p_input ? 'name' then private.strip(p_input ->> 'name') else v_label.name end;
  v_label.color := case when p_input ? 'color' then lower(p_input ->> 'color') else v_label.color end;
  v_label.lead_tag := case when p_input ? 'lead_tag' then p_input ->> 'lead_tag' else v_label.lead_tag end;
  if v_label.name is null then
    perform private.refuse_field('name', 'Give the label a name.');
  elsif v_label.lead_tag = 'UNTAGGED' then
    perform private.refuse_field('lead_tag', 'UNTAGGED means leads without tags: choose another word.');
  elsif exists (select from public.labels l where l.org_id = v_org_id and lower(l.name) = lower(v_label.name) and l.id <>
    v_label.id)
  then
    perform private.raise_error('PT409', 'duplicate', format('There is a label %s already.', v_label.name),
      '{"field": "name"}');
  end if;
  insert into public.labels as l (id, org_id, name, color, lead_tag, created_at, updated_at)
  values (v_label.id, v_org_id, v_label.name, v_label.color, v_label.lead_tag, p_now, p_now)
  on conflict (id) do update set name = excluded.name, color = excluded.color, lead_tag = excluded.lead_tag, updated_at = p_now;
  return v_label.id;
end;
$$;
comment on function private.save_label(uuid, jsonb, timestamptz) is
  'Creates a label (p_id null) or changes one: name, color (#rrggbb or null), lead_tag (or null). Returns its id. Needs '
  'campaign_manager. Raises PT403, PT404, PT409 duplicate or invalid_state, PT422. Security definer: users may not write labels.';
grant execute on function private.save_label(uuid, jsonb, timestamptz) to authenticated;

create function private.delete_label(p_id uuid)
returns void
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_org_id uuid := private.require_role('campaign_manager');
begin
  -- A quick response that names it is saved before, or finds it gone.
  perform private.lock_count(v_org_id, 'quick_responses');
  delete from public.labels l where l.org_id = v_org_id and l.id = p_id;
  if not found then
    perform private.raise_error('PT404', 'not_found', 'There is no label with this id.', jsonb_build_object('label_id', p_id));
  end if;
  update public.quick_responses q set label_ids = array_remove(q.label_ids, p_id)
  where q.org_id = v_org_id and p_id = any (q.label_ids);
end;
$$;
comment on function private.delete_label(uuid) is
  'Deletes a label and takes it from all conversations and quick responses. Tags that it gave to leads stay. Needs '
  'campaign_manager. Raises PT403, PT404. Security definer: users may not write labels.';
grant execute on function private.delete_label(uuid) to authenticated;

create function public.save_label(p_input jsonb, p_id uuid default null) returns uuid
  language sql set search_path = '' as $$ select private.save_label(p_id, p_input); $$;
comment on function public.save_label(jsonb, uuid) is
  'Calls the private function of the same name, which checks role and organisation, with the current time.';
grant execute on function public.save_label(jsonb, uuid) to authenticated;
create function public.delete_label(p_id uuid) returns void
  language sql set search_path = '' as $$ select private.delete_label(p_id); $$;
comment on function public.delete_label(uuid) is
  'Calls the private function of the same name, which checks role and organisation.';
grant execute on function public.delete_label(uuid) to authenticated;
