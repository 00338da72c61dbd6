create function private.save_quick_response(p_id uuid, p_input jsonb, p_now timestamptz default now())
returns uuid
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_org_id uuid := private.require_role('operator');
  v_response public.quick_responses;
begin
  perform private.check_shape(p_input, private.quick_response_shape());
  perform private.lock_count(v_org_id, 'quick_responses');
  if p_id is not null then
    v_response := private.own_quick_response(v_org_id, p_id);
    if p_input = '{}' then
      perform private.refuse_field('input', 'Give at least one field to change.');
    end if;
  elsif (select count(*) from public.quick_responses q where q.org_id = v_org_id) >= 500 then
    perform private.raise_error('PT409', 'invalid_state',
      'Your organisation has 500 quick responses, as many as it may have: delete one first.', '{"limit": 500}');
  else
    v_response.id := gen_random_uuid();
    v_response.owner_id := auth.uid();
    v_response.category := 'general';
    v_response.label_ids := '{}';
  end if;
  if p_input ? 'is_shared' then
    v_response.owner_id := case when not (p_input ->> 'is_shared')::boolean then coalesce(v_response.owner_id, auth.uid()) end;
  end if;
  if v_response.owner_id is null then
    perform private.require_role('campaign_manager');
  end if;
  v_response.category := case when p_input ? 'category' then private.strip(p_input ->> 'category') else v_response.category end;
  v_response.title := case when p_input ? 'title' then private.strip(p_input ->> 'title') else v_response.title end;
  v_response.shortcut := case when p_input ? 'shortcut' then p_input ->> 'shortcut' else v_response.shortcut end;
  v_response.language := case when p_input ? 'language' then p_input ->> 'language' else v_response.language end;
  v_response.content := case when p_input ? 'content' then private.read_direct_text(p_input ->> 'content', 'content')
    else v_response.content end;
  v_response.label_ids := coalesce(private.filter_ids(p_input, 'label_ids'), v_response.label_ids);
  v_response.set_status := case when p_input ? 'set_status' then p_input ->> 'set_status' else v_response.set_status end;
  if p_input ? 'media_id' and (p_input ->> 'media_id')::uuid is distinct from v_response.media_id then
    v_response.media_id := case when p_input -> 'media_id' <> 'null' then
      private.own_quick_response_media(v_org_id, (p_input ->> 'media_id')::uuid, p_now) end;
  end if;
  if v_response.title is null then
    perform private.refuse_field('title', 'Give the quick response a title.');
  elsif v_response.content is null then
    perform private.refuse_field('content', 'Give the quick response its text.');
  elsif cardinality(v_response.label_ids) > (
    select count(*) from public.labels l where l.org_id = v_org_id and l.id = any (v_response.label_ids))
  then
    perform private.refuse_field('label_ids', 'Your organisation has no such label: list labels to see their ids.');
  elsif exists (select from public.quick_responses q where q.org_id = v_org_id and q.shortcut = v_response.shortcut
    and q.owner_id is not distinct from v_response.owner_id and q.id <> v_response.id)
  then
    perform private.raise_error('PT409', 'duplicate', format('There is a quick response with the shortcut %s already.',
      v_response.shortcut), '{"field": "shortcut"}');
  end if;
  insert into public.quick_responses as q (id, org_id, owner_id, category, title, shortcut, language, content, label_ids,
    set_status, media_id, created_at, updated_at)
  values (v_response.id, v_org_id, v_response.owner_id, v_response.category, v_response.title, v_response.shortcut,
    v_response.language, v_response.content, v_response.label_ids, v_response.set_status, v_response.media_id, p_now, p_now)
  on conflict (id) do update set owner_id = excluded.owner_id, category = excluded.category, title = excluded.title,
    shortcut = excluded.shortcut, language = excluded.language, content = excluded.content, label_ids = excluded.label_ids,
    set_status = excluded.set_status, media_id = excluded.media_id, updated_at = p_now;
  return v_response.id;
end;
$$;
comment on function private.save_quick_response(uuid, jsonb, timestamptz) is
  'Creates a quick response (p_id null) or changes one, and returns its id. Operators have their own; shared ones need '
  'campaign_manager. Raises PT403, PT404, PT409 duplicate or invalid_state, PT422. Security definer: users may not write the '
  'table.';
grant execute on function private.save_quick_response(uuid, jsonb, timestamptz) to authenticated;
