-- Changing campaigns: create, change, build. Users call the wrappers of 20261123001720_campaign_api.sql.

create function private.lock_campaign(p_campaign_id uuid, p_role public.user_role, p_allowed public.campaign_status[], p_verb text)
returns public.campaigns
language plpgsql
set search_path = ''
as $$
declare
  v_org_id uuid := private.require_role(p_role);
  v_campaign public.campaigns;
begin
  select * into v_campaign from public.campaigns c where c.id = p_campaign_id and c.org_id = v_org_id for no key update;
  if v_campaign.id is null then
    perform private.raise_error('PT404', 'not_found', 'No such campaign.', jsonb_build_object('campaign_id', p_campaign_id));
  end if;
  if v_campaign.status <> all (p_allowed) then
    perform private.raise_error('PT409', 'invalid_state',
      format('A campaign that is %s cannot be %s; it must be %s.', v_campaign.status, p_verb, array_to_string(p_allowed, ' or ')),
      jsonb_build_object('status', v_campaign.status, 'allowed', p_allowed));
  end if;
  return v_campaign;
end;
$$;
comment on function private.lock_campaign(uuid, public.user_role, public.campaign_status[], text) is
  'Locks a campaign of the signed-in user''s organisation for a change of state. Raises PT403, PT404, or PT409 where its state does not allow it.';

create function private.set_campaign_lists(p_campaign public.campaigns, p_input jsonb)
returns void
language plpgsql
set search_path = ''
as $$
declare
  v_missing jsonb;
begin
  if p_input ? 'template_ids' then
    select jsonb_agg(x) into v_missing from jsonb_array_elements_text(p_input -> 'template_ids') x
    where not exists (select 1 from public.templates t where t.id = x::uuid and t.org_id = p_campaign.org_id and t.is_active and t.category = p_campaign.template_category);
    if v_missing is not null then
      perform private.raise_error('PT422', 'invalid_input', 'Some templates do not exist, are inactive or are of another category.', jsonb_build_object('errors',
        jsonb_build_array(jsonb_build_object('field', 'template_ids', 'message', format('Remove or replace %s; only active %s templates of your organisation can be used.', v_missing, p_campaign.template_category)))));
    end if;
    delete from public.campaign_templates ct where ct.campaign_id = p_campaign.id;
    insert into public.campaign_templates (org_id, campaign_id, template_id)
    select distinct p_campaign.org_id, p_campaign.id, x::uuid from jsonb_array_elements_text(p_input -> 'template_ids') x;
  end if;
  if p_input ? 'phone_number_ids' then
    select jsonb_agg(x) into v_missing from jsonb_array_elements_text(p_input -> 'phone_number_ids') x
    where not exists (select 1 from public.phone_numbers n where n.id = x::uuid and n.org_id = p_campaign.org_id and n.status <> 'released');
    if v_missing is not null then
      perform private.raise_error('PT422', 'invalid_input', 'Some phone numbers do not exist.', jsonb_build_object('errors',
        jsonb_build_array(jsonb_build_object('field', 'phone_number_ids', 'message', format('Remove %s; they are not numbers of your organisation.', v_missing)))));
    end if;
    delete from public.campaign_phone_numbers cn where cn.campaign_id = p_campaign.id;
    insert into public.campaign_phone_numbers (org_id, campaign_id, phone_number_id)
    select distinct p_campaign.org_id, p_campaign.id, x::uuid from jsonb_array_elements_text(p_input -> 'phone_number_ids') x;
  end if;
end;
$$;
comment on function private.set_campaign_lists(public.campaigns, jsonb) is
  'Replaces a campaign''s templates and numbers with those listed in template_ids and phone_number_ids, where given. Raises PT422 for what is not the organisation''s.';

create function private.create_campaign(p_input jsonb)
returns uuid
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_org_id uuid := private.require_role('campaign_manager');
  v_campaign public.campaigns;
begin
  insert into public.campaigns (
    org_id, name, description, template_category, target_criteria, phones, mps, daily_cap, cooldown_days,
    quiet_hours_override, retry_undelivered, scheduled_at, created_by)
  values (
    v_org_id, p_input ->> 'name', p_input ->> 'description', coalesce(p_input ->> 'template_category', 'initial'),
    coalesce(p_input -> 'target_criteria', '{}'), coalesce(p_input ->> 'phones', 'primary'),
    (p_input ->> 'mps')::numeric, (p_input ->> 'daily_cap')::integer, (p_input ->> 'cooldown_days')::smallint,
    coalesce((p_input ->> 'quiet_hours_override')::boolean, false), coalesce((p_input ->> 'retry_undelivered')::boolean, false),
    (p_input ->> 'scheduled_at')::timestamptz, auth.uid())
  returning * into v_campaign;
  if not p_input ? 'template_ids' then
    insert into public.campaign_templates (org_id, campaign_id, template_id)
    select v_org_id, v_campaign.id, t.id from public.templates t
    where t.org_id = v_org_id and t.is_active and t.category = v_campaign.template_category
      and t.language = coalesce(p_input ->> 'language', (select o.language from public.orgs o where o.id = v_org_id));
  end if;
  perform private.set_campaign_lists(v_campaign, p_input);
  perform private.record_audit_event(v_org_id, 'campaign_created', null, v_campaign.id, null, jsonb_build_object('name', v_campaign.name));
  return v_campaign.id;
end;
$$;
comment on function private.create_campaign(jsonb) is
  'Creates a draft campaign from the API''s fields and returns its id. Without template_ids it rotates every active template of its category in p_input.language (the organisation''s language by default); without phone_number_ids it sends from every number. Definer: users may not write campaigns. Needs campaign_manager.';

create function private.update_campaign(p_campaign_id uuid, p_input jsonb)
returns void
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_campaign public.campaigns;
  v_fixed text[];
begin
  v_campaign := private.lock_campaign(p_campaign_id, 'campaign_manager', '{draft,ready,scheduled,running,paused}', 'changed');
  -- The audience and what it was judged by are fixed once built: pace and texts may still change, and act at once.
  v_fixed := array(
    select k from jsonb_object_keys(p_input) k
    where k in ('target_criteria', 'phones', 'template_category', 'cooldown_days')
      and v_campaign.status <> 'draft');
  if cardinality(v_fixed) > 0 then
    perform private.raise_error('PT409', 'invalid_state',
      format('%s can only be changed while the campaign is a draft.', array_to_string(v_fixed, ', ')),
      jsonb_build_object('status', v_campaign.status, 'fields', v_fixed));
  end if;
  if v_campaign.status = 'scheduled' and p_input ? 'scheduled_at' and p_input ->> 'scheduled_at' is null then
    perform private.raise_error('PT422', 'invalid_input', 'A campaign that is scheduled needs its time.', jsonb_build_object('errors',
      jsonb_build_array(jsonb_build_object('field', 'scheduled_at', 'message', 'Give another time, or start or stop the campaign.'))));
  end if;
  update public.campaigns c set
    name = coalesce(p_input ->> 'name', c.name),
    description = case when p_input ? 'description' then p_input ->> 'description' else c.description end,
    template_category = coalesce(p_input ->> 'template_category', c.template_category),
    target_criteria = coalesce(p_input -> 'target_criteria', c.target_criteria),
    phones = coalesce(p_input ->> 'phones', c.phones),
    mps = case when p_input ? 'mps' then (p_input ->> 'mps')::numeric else c.mps end,
    daily_cap = case when p_input ? 'daily_cap' then (p_input ->> 'daily_cap')::integer else c.daily_cap end,
    cooldown_days = case when p_input ? 'cooldown_days' then (p_input ->> 'cooldown_days')::smallint else c.cooldown_days end,
    quiet_hours_override = coalesce((p_input ->> 'quiet_hours_override')::boolean, c.quiet_hours_override),
    retry_undelivered = coalesce((p_input ->> 'retry_undelivered')::boolean, c.retry_undelivered),
    scheduled_at = case when p_input ? 'scheduled_at' then (p_input ->> 'scheduled_at')::timestamptz else c.scheduled_at end
  where c.id = p_campaign_id
  returning * into v_campaign;
  perform private.set_campaign_lists(v_campaign, p_input);
end;
$$;
comment on function private.update_campaign(uuid, jsonb) is
  'Changes the given fields of a campaign. Raises PT409 where a field is fixed since it was built. Definer: users may not write campaigns. Needs campaign_manager.';

select pgmq.create('builds');

create function private.build_targets(p_campaign_id uuid, p_dry_run boolean default false, p_now timestamptz default now())
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_campaign public.campaigns;
  v_counts jsonb;
begin
  v_campaign := private.lock_campaign(p_campaign_id, 'campaign_manager', '{draft,ready}', 'built');
  if p_dry_run then
    if v_campaign.status = 'ready' then
      perform private.raise_error('PT409', 'invalid_state', 'The audience is built already; read the campaign''s figures.');
    end if;
    select jsonb_build_object(
      'audience', coalesce(sum(r.n), 0),
      'targets', coalesce(sum(r.n) filter (where r.reason is null), 0),
      'excluded', coalesce(sum(r.n) filter (where r.reason is not null), 0),
      'reasons', coalesce(jsonb_object_agg(r.reason, r.n) filter (where r.reason is not null), '{}'))
    into v_counts
    from (
      select a.reason, count(*) as n from private.audience_chunk(v_campaign, null, null, p_now) a group by a.reason
    ) r;
    return v_counts;
  end if;
  -- built_at stays where it was built before: it tells the first chunks to clear what that left.
  update public.campaigns set status = 'building', build_cursor = null where id = p_campaign_id;
  perform pgmq.send('builds', jsonb_build_object('campaign_id', p_campaign_id));
  perform private.record_audit_event(v_campaign.org_id, 'campaign_building', null, p_campaign_id);
  return null;
end;
$$;
comment on function private.build_targets(uuid, boolean, timestamptz) is
  'Starts building a campaign''s audience (in chunks, by the worker), or with p_dry_run counts by reason without writing. Definer: users may not write targets. Needs campaign_manager.';
