-- Templates as people write them. Users call the functions of the same names in public.

create function private.note_template(p_template public.templates, p_event text, p_details jsonb default '{}')
returns void
language sql
set search_path = ''
as $$
  select private.record_audit_event(p_template.org_id, p_event, null, null, null,
    jsonb_build_object('template_id', p_template.id, 'name', p_template.name, 'version', p_template.version) || p_details);
$$;
comment on function private.note_template(public.templates, text, jsonb) is 'Writes an audit event about a template.';

create function private.insert_template(p_org_id uuid, p_input jsonb, p_event text, p_id uuid default gen_random_uuid())
returns uuid
language plpgsql
set search_path = ''
as $$
declare
  v_checked private.checked_template;
  v_template public.templates;
begin
  perform private.check_shape(p_input, private.new_template_shape());
  v_checked := private.accept_template(p_org_id, p_input ->> 'content', p_input ->> 'category', p_input ->> 'language');
  v_template.id := p_id;
  v_template.org_id := p_org_id;
  v_template.name := trim(p_input ->> 'name');
  v_template.category := p_input ->> 'category';
  v_template.language := p_input ->> 'language';
  v_template.is_active := coalesce((p_input ->> 'is_active')::boolean, true);
  perform private.require_template_name(p_org_id, v_template.name, null);
  perform private.require_template_room(v_template);
  insert into public.templates (id, org_id, category, language, name, content, variables, required_variables, encoding,
    worst_segments, is_active)
  values (v_template.id, p_org_id, v_template.category, v_template.language, v_template.name, v_checked.content,
    v_checked.variables, v_checked.required_variables, v_checked.encoding, v_checked.worst_segments, v_template.is_active)
  returning * into v_template;
  perform private.note_template(v_template, p_event);
  return v_template.id;
end;
$$;
comment on function private.insert_template(uuid, jsonb, text, uuid) is
  'Adds a template (private.new_template_shape) with the audit event p_event and an id that none has; returns its id. The '
  'caller has checked the role and holds the organisation''s lock. Raises PT409, PT422.';

create function private.create_template(p_input jsonb, p_repeat_key text default null)
returns uuid
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_org_id uuid := private.require_role('campaign_manager');
  v_id uuid;
begin
  perform 1 from public.orgs o where o.id = v_org_id for no key update;
  v_id := private.first_result(v_org_id, 'create_template', p_repeat_key);
  -- Who archives what they made and makes it again means it.
  if not exists (select from public.templates t where t.id = v_id and t.archived_at is null) then
    v_id := private.insert_template(v_org_id, p_input, 'template_created');
    perform private.keep_result(v_org_id, 'create_template', p_repeat_key, v_id);
  end if;
  return v_id;
end;
$$;
comment on function private.create_template(jsonb, text) is
  'Creates a template from name, category, language, content and is_active (true by default); returns its id. p_repeat_key: see '
  'private.first_result; the same key within a minute returns the same template. Needs '
  'campaign_manager. Raises PT403; PT409 for a name that is taken, for more than 2,000, and for more than 200 active ones of a '
  'category and language; PT422 with each issue that forbids the text. Security definer: users may not write templates.';
grant execute on function private.create_template(jsonb, text) to authenticated;

create function public.create_template(p_input jsonb, p_repeat_key text default null) returns uuid
  language sql set search_path = '' as $$ select private.create_template(p_input, p_repeat_key); $$;
comment on function public.create_template(jsonb, text) is
  'Calls the private function of the same name, which checks role and organisation.';
grant execute on function public.create_template(jsonb, text) to authenticated;

create function private.change_template(p_template public.templates, p_input jsonb, p_event text, p_details jsonb default '{}')
returns integer
language plpgsql
set search_path = ''
as $$
declare
  v_new public.templates := p_template;
  v_checked private.checked_template;
begin
  v_new.name := coalesce(trim(p_input ->> 'name'), p_template.name);
  v_new.category := coalesce(p_input ->> 'category', p_template.category);
  v_new.language := coalesce(p_input ->> 'language', p_template.language);
  v_new.content := coalesce(p_input ->> 'content', p_template.content);
  v_new.is_active := coalesce((p_input ->> 'is_active')::boolean, p_template.is_active);
  if v_new.is_active and p_template.archived_at is not null then
    perform private.raise_error('PT409', 'invalid_state', 'The template is archived. Take it out of the archive first.',
      '{"field": "is_active"}');
  elsif v_new.category <> p_template.category then
    perform private.require_unused(p_template);
  end if;
  if not v_new.is_active or v_new.category <> p_template.category then
    perform private.require_unneeded(p_template, 'change');
  end if;
  -- An active text is judged again when it becomes active, too: the rules or the brand may have changed meanwhile.
  if p_input ?| '{content,category,language}' or (v_new.is_active and not p_template.is_active) then
    v_checked := private.accept_template(p_template.org_id, v_new.content, v_new.category, v_new.language);
    v_new.content := v_checked.content;
    v_new.variables := v_checked.variables;
    v_new.required_variables := v_checked.required_variables;
    v_new.encoding := v_checked.encoding;
    v_new.worst_segments := v_checked.worst_segments;
  end if;
  if v_new.content <> p_template.content and p_template.version >= 1000 then
    perform private.raise_error('PT409', 'invalid_state',
      'The template has 1,000 versions, which is the most. Duplicate it, and change the copy.',
      '{"field": "content", "most": 1000}');
  end if;
  perform private.require_template_name(p_template.org_id, v_new.name, p_template.id);
  perform private.require_template_room(v_new);
  if v_new is distinct from p_template then
    update public.templates t
    set name = v_new.name, category = v_new.category, language = v_new.language, content = v_new.content,
      is_active = v_new.is_active,
      activated_at = case when v_new.is_active and not p_template.is_active then now() else p_template.activated_at end,
      variables = v_new.variables, required_variables = v_new.required_variables,
      encoding = v_new.encoding, worst_segments = v_new.worst_segments
    where t.id = p_template.id returning * into v_new;
    perform private.note_template(v_new, p_event, p_details);
  end if;
  return v_new.version;
end;
$$;
comment on function private.change_template(public.templates, jsonb, text, jsonb) is
  'Changes the given fields of a template, with the audit event p_event; returns its version, which is a new one if the text '
  'changed. Messages that are planned keep the version they were planned with. The caller holds the locks of organisation and '
  'template. Raises PT409, PT422.';

create function private.update_template(p_template_id uuid, p_input jsonb)
returns integer
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_template public.templates := private.own_template(p_template_id);
begin
  perform private.check_shape(p_input, private.template_changes_shape());
  if p_input - 'expected_version' = '{}' then
    perform private.refuse_field('input', 'Give at least one field to change.');
  elsif (p_input ->> 'expected_version')::integer <> v_template.version then
    perform private.raise_error('PT409', 'conflict', format(
      'Somebody changed the text meanwhile: it has version %s, and you have seen %s. Read it again, then decide.',
      v_template.version, p_input ->> 'expected_version'), jsonb_build_object('version', v_template.version));
  end if;
  return private.change_template(v_template, p_input, 'template_changed', jsonb_build_object('fields',
    (select to_jsonb(array_agg(k order by k)) from jsonb_object_keys(p_input - 'expected_version') k)));
end;
$$;
comment on function private.update_template(uuid, jsonb) is
  'Changes name, category, language, content or is_active of a template (private.template_changes_shape) and returns its '
  'version. Needs campaign_manager. Raises PT403, PT404; PT409 conflict if it has another version than expected_version, '
  'duplicate for a name that is taken, still_referenced if a campaign needs it as it is; PT422. Security definer: users may not '
  'write templates.';
grant execute on function private.update_template(uuid, jsonb) to authenticated;

create function public.update_template(p_template_id uuid, p_input jsonb) returns integer
  language sql set search_path = '' as $$ select private.update_template(p_template_id, p_input); $$;
comment on function public.update_template(uuid, jsonb) is
  'Calls the private function of the same name, which checks role and organisation.';
grant execute on function public.update_template(uuid, jsonb) to authenticated;
