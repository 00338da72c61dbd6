-- Blueprints: definitions of campaigns under a name. Users call the functions of the same names in public.

create function private.blueprint_definition_shape()
returns jsonb
language sql
immutable
set search_path = ''
as $$
  -- A blueprint is used again and again, so it has no name of a campaign, no time, and nothing that only a simulator allows.
  select jsonb_set(private.campaign_shape(), '{properties,language}', '{"type": "string", "enum": ["es", "en"]}')
    #- '{properties,name}' #- '{properties,scheduled_at}' #- '{properties,quiet_hours_override}';
$$;
comment on function private.blueprint_definition_shape() is
  'The shape of a blueprint''s definition: that of a new campaign without name, scheduled_at and quiet_hours_override.';

create function private.blueprint_shape()
returns jsonb
language sql
immutable
set search_path = ''
as $$
  select jsonb_build_object('type', 'object', 'maxBytes', 1500000, 'properties', jsonb_build_object(
    'name', private.line_shape(200),
    'description', '{"type": ["string", "null"], "maxLength": 2000}'::jsonb,
    -- private.check_campaign reads what is in it.
    'definition', '{"type": "object", "properties": {}}'::jsonb));
$$;
comment on function private.blueprint_shape() is 'The shape of a blueprint as it is saved.';

create function private.save_blueprint(p_blueprint_id uuid, p_input jsonb)
returns uuid
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_org_id uuid := private.require_role('campaign_manager');
  v_row public.campaign_blueprints;
begin
  perform private.check_shape(
    case when jsonb_typeof(p_input -> 'definition') = 'object' then p_input || '{"definition": {}}' else p_input end,
    private.blueprint_shape());
  if p_blueprint_id is null then
    v_row.id := gen_random_uuid();
  else
    select * into v_row from public.campaign_blueprints b where b.org_id = v_org_id and b.id = p_blueprint_id for no key update;
    if not found then
      perform private.raise_error('PT404', 'not_found', 'There is no blueprint with this id.');
    elsif p_input = '{}' then
      perform private.refuse_field('input', 'Give at least one field to change.');
    end if;
  end if;
  v_row.name := case when p_input ? 'name' then trim(p_input ->> 'name') else v_row.name end;
  v_row.description := case when p_input ? 'description' then p_input ->> 'description' else v_row.description end;
  v_row.definition := coalesce(p_input -> 'definition', v_row.definition);
  if v_row.name is null then
    perform private.refuse_field('name', 'Give the blueprint a name.');
  elsif v_row.definition is null then
    perform private.refuse_field('definition', 'Give a definition: the fields of a campaign that it is to have.');
  end if;
  if p_input ? 'definition' and v_row.definition <> '{}' then
    perform private.check_campaign(v_org_id, v_row.definition, private.blueprint_definition_shape());
  end if;
  if exists (select from public.campaign_blueprints b
    where b.org_id = v_org_id and lower(trim(b.name)) = lower(v_row.name) and b.id <> v_row.id) then
    perform private.raise_error('PT409', 'duplicate', format('There is a blueprint %s already.', v_row.name),
      '{"field": "name"}');
  end if;
  if p_blueprint_id is null then
    insert into public.campaign_blueprints (id, org_id, name, description, definition, created_by)
    values (v_row.id, v_org_id, v_row.name, v_row.description, v_row.definition, auth.uid());
  else
    update public.campaign_blueprints b
    set name = v_row.name, description = v_row.description, definition = v_row.definition where b.id = v_row.id;
  end if;
  perform private.record_audit_event(v_org_id, case when p_blueprint_id is null then 'campaign_blueprint_created'
    else 'campaign_blueprint_changed' end, null, null, null,
    jsonb_build_object('blueprint_id', v_row.id, 'name', v_row.name));
  return v_row.id;
end;
$$;
comment on function private.save_blueprint(uuid, jsonb) is
  'Creates a blueprint (p_blueprint_id null) from name, description and definition (private.blueprint_definition_shape), or '
  'changes the given ones. Returns its id. Needs campaign_manager. Raises PT403, PT404, PT409 duplicate or for more than 200, '
  'PT422. Security definer: users may not write blueprints.';
grant execute on function private.save_blueprint(uuid, jsonb) to authenticated;

create function public.save_blueprint(p_input jsonb, p_blueprint_id uuid default null) returns uuid
  language sql set search_path = '' as $$ select private.save_blueprint(p_blueprint_id, p_input); $$;
comment on function public.save_blueprint(jsonb, uuid) is
  'Calls the private function of the same name, which checks role and organisation.';
grant execute on function public.save_blueprint(jsonb, uuid) to authenticated;

create function private.delete_blueprint(p_blueprint_id uuid)
returns void
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_org_id uuid := private.require_role('campaign_manager');
  v_name text;
begin
  delete from public.campaign_blueprints b where b.org_id = v_org_id and b.id = p_blueprint_id returning b.name into v_name;
  if v_name is null then
    perform private.raise_error('PT404', 'not_found', 'There is no blueprint with this id.');
  end if;
  perform private.record_audit_event(v_org_id, 'campaign_blueprint_deleted', null, null, null,
    jsonb_build_object('blueprint_id', p_blueprint_id, 'name', v_name));
end;
$$;
comment on function private.delete_blueprint(uuid) is
  'Deletes a blueprint; campaigns that were made of it stay. Needs campaign_manager. Raises PT403, PT404. Security definer: '
  'users may not write blueprints.';
grant execute on function private.delete_blueprint(uuid) to authenticated;

create function public.delete_blueprint(p_blueprint_id uuid) returns void
  language sql set search_path = '' as $$ select private.delete_blueprint(p_blueprint_id); $$;
comment on function public.delete_blueprint(uuid) is
  'Calls the private function of the same name, which checks role and organisation.';
grant execute on function public.delete_blueprint(uuid) to authenticated;

create function private.create_campaign_of_blueprint(p_blueprint_id uuid, p_input jsonb)
returns uuid
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_org_id uuid := private.require_role('campaign_manager');
  v_definition jsonb;
  v_id uuid;
begin
  select b.definition into v_definition from public.campaign_blueprints b where b.org_id = v_org_id and b.id = p_blueprint_id;
  if not found then
    perform private.raise_error('PT404', 'not_found', 'There is no blueprint with this id.');
  end if;
  -- Texts are one list or variants, never both: whichever the input has replaces the other.
  v_definition := case
    when p_input ? 'variants' then v_definition - 'template_ids'
    when p_input ? 'template_ids' then v_definition - 'variants'
    else v_definition end;
  v_id := private.create_campaign(v_definition || p_input);
  perform private.record_audit_event(v_org_id, 'campaign_blueprint_used', null, v_id, null,
    jsonb_build_object('blueprint_id', p_blueprint_id));
  return v_id;
end;
$$;
comment on function private.create_campaign_of_blueprint(uuid, jsonb) is
  'Creates a draft campaign with the definition of a blueprint; fields of p_input (private.new_campaign_shape) win over it. '
  'Returns its id. Needs campaign_manager. Raises PT403, PT404, and PT422 also for what the definition names and is gone since. '
  'Security definer: users may not write campaigns.';
grant execute on function private.create_campaign_of_blueprint(uuid, jsonb) to authenticated;

create function public.create_campaign_of_blueprint(p_blueprint_id uuid, p_input jsonb) returns uuid
  language sql set search_path = '' as $$ select private.create_campaign_of_blueprint(p_blueprint_id, p_input); $$;
comment on function public.create_campaign_of_blueprint(uuid, jsonb) is
  'Calls the private function of the same name, which checks role and organisation.';
grant execute on function public.create_campaign_of_blueprint(uuid, jsonb) to authenticated;
