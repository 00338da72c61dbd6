-- Creating campaigns. Users call the function of the same name in public.

create function private.free_template_name(p_org_id uuid, p_wanted text)
returns text
language sql
stable
set search_path = ''
as $$
  -- An organisation has 2,000 templates at most.
  select x.name
  from generate_series(1, 2001) n
  cross join lateral (select case when n = 1 then p_wanted else format('%s (%s)', left(p_wanted, 190), n) end as name) x
  where not exists (select from public.templates t where t.org_id = p_org_id and t.name = x.name)
  order by n limit 1;
$$;
comment on function private.free_template_name(uuid, text) is
  'The wanted name, with a number behind it if a template of the organisation has it already.';

create function private.add_campaign_texts(p_org_id uuid, p_input jsonb)
returns void
language plpgsql
set search_path = ''
as $$
declare
  v_text record;
  v_details jsonb;
begin
  perform 1 from public.orgs o where o.id = p_org_id for no key update;
  for v_text in select e.value, e.n from jsonb_array_elements(p_input -> 'texts') with ordinality e (value, n) loop
    if exists (select from public.templates t where t.id = (v_text.value ->> 'id')::uuid) then
      perform private.refuse_field('texts', 'Give each text an id that nothing else has, such as a random one.');
    end if;
    begin
      perform private.insert_template(p_org_id, v_text.value - 'id' || jsonb_build_object('name',
        private.free_template_name(p_org_id, format('%s: text %s', left(trim(p_input ->> 'name'), 180), v_text.n))),
        'template_created', (v_text.value ->> 'id')::uuid);
    exception when sqlstate 'PT422' then
      get stacked diagnostics v_details = pg_exception_detail;
      perform private.raise_error('PT422', 'invalid_input', sqlerrm, v_details || jsonb_build_object('errors', array(
        select e || jsonb_build_object('field', format('texts.%s.%s', v_text.n - 1, e ->> 'field'))
        from jsonb_array_elements(v_details -> 'errors') e)));
    end;
  end loop;
end;
$$;
comment on function private.add_campaign_texts(uuid, jsonb) is
  'Creates the templates of a new campaign''s texts, under its name and with the ids that were given. Raises PT409, PT422.';

create function private.create_campaign(p_input jsonb, p_repeat_key text default null)
returns uuid
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_org_id uuid := private.require_role('campaign_manager');
  v_first uuid := private.first_result(v_org_id, 'create_campaign', p_repeat_key);
  v_campaign public.campaigns;
begin
  -- Who archives what they made and makes it again means it.
  if exists (select from public.campaigns c where c.id = v_first and c.archived_at is null) then
    return v_first;
  end if;
  perform private.check_campaign(v_org_id, p_input, private.new_campaign_shape());
  if p_input ? 'texts' then
    perform private.add_campaign_texts(v_org_id, p_input);
  end if;
  insert into public.campaigns (
    org_id, name, description, template_category, target_criteria, phones, mps, daily_cap, cooldown_days,
    quiet_hours_override, retry_undelivered, rotation, scheduled_at, created_by)
  values (
    v_org_id, trim(p_input ->> 'name'), p_input ->> 'description', coalesce(p_input ->> 'template_category', 'initial'),
    coalesce(p_input -> 'target_criteria', '{}'), coalesce(p_input ->> 'phones', 'primary'),
    (p_input ->> 'mps')::numeric, (p_input ->> 'daily_cap')::numeric::integer, (p_input ->> 'cooldown_days')::numeric::smallint,
    coalesce((p_input ->> 'quiet_hours_override')::boolean, false), coalesce((p_input ->> 'retry_undelivered')::boolean, false),
    coalesce(p_input ->> 'rotation', 'even'), (p_input ->> 'scheduled_at')::timestamptz, auth.uid())
  returning * into v_campaign;
  if not p_input ? 'template_ids' then
    insert into public.campaign_templates (org_id, campaign_id, template_id)
    select v_org_id, v_campaign.id, t.id from public.templates t
    where t.org_id = v_org_id and t.is_active and t.category = v_campaign.template_category
      and t.language = coalesce(p_input ->> 'language', (select o.language from public.orgs o where o.id = v_org_id));
  end if;
  perform private.set_campaign_lists(v_campaign, p_input);
  if p_input ? 'test' then
    perform private.set_campaign_test(v_campaign.id, p_input -> 'test');
  end if;
  perform private.record_audit_event(v_org_id, 'campaign_created', null, v_campaign.id, null,
    jsonb_build_object('name', v_campaign.name));
  perform private.keep_result(v_org_id, 'create_campaign', p_repeat_key, v_campaign.id);
  return v_campaign.id;
end;
$$;
comment on function private.create_campaign(jsonb, text) is
  'Creates a draft campaign from fields of private.new_campaign_shape, and templates of its texts, all or nothing; returns its '
  'id. Without template_ids it rotates all active templates of its category in p_input.language (by default the '
  'organisation''s language). Without phone_number_ids it sends from all numbers. p_repeat_key: see private.first_result; the '
  'same key within a minute returns the same campaign. Needs campaign_manager. Raises PT403, PT422. Security definer: users may '
  'not write campaigns.';
grant execute on function private.create_campaign(jsonb, text) to authenticated;

create function public.create_campaign(p_input jsonb, p_repeat_key text default null) returns uuid
  language sql set search_path = '' as $$ select private.create_campaign(p_input, p_repeat_key); $$;
comment on function public.create_campaign(jsonb, text) is
  'Calls the private function of the same name, which checks role and organisation, with the current time.';
grant execute on function public.create_campaign(jsonb, text) to authenticated;
