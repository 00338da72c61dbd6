-- Creating, changing and building campaigns. Users call the functions of the same names in public.

create function private.find_campaign(p_org_id uuid, p_campaign_id uuid)
returns public.campaigns
language plpgsql
stable
set search_path = ''
as $$
declare
  v_campaign public.campaigns;
begin
  select * into v_campaign from public.campaigns c where c.id = p_campaign_id and c.org_id = p_org_id;
  if v_campaign.id is null then
    perform private.raise_error('PT404', 'not_found', 'No such campaign.', jsonb_build_object('campaign_id', p_campaign_id));
  end if;
  return v_campaign;
end;
$$;
comment on function private.find_campaign(uuid, uuid) is
  'A campaign of an organisation, in any state, without a lock. Raises PT404.';

create function private.own_campaign(p_campaign_id uuid, p_role public.user_role)
returns public.campaigns
language plpgsql
set search_path = ''
as $$
declare
  v_org_id uuid := private.require_role(p_role);
begin
  perform 1 from public.campaigns c where c.id = p_campaign_id and c.org_id = v_org_id for no key update;
  -- Reads it again, under the lock.
  return private.find_campaign(v_org_id, p_campaign_id);
end;
$$;
comment on function private.own_campaign(uuid, public.user_role) is
  'Locks a campaign of the signed-in user''s organisation, in any state, and returns it. Raises PT403, PT404.';

create function private.lock_campaign(p_campaign_id uuid, p_role public.user_role, p_allowed public.campaign_status[],
  p_verb text)
returns public.campaigns
language plpgsql
set search_path = ''
as $$
declare
  v_campaign public.campaigns := private.own_campaign(p_campaign_id, p_role);
begin
  if v_campaign.archived_at is not null then
    perform private.raise_error('PT409', 'invalid_state',
      format('An archived campaign cannot be %s: unarchive it first.', p_verb),
      jsonb_build_object('status', v_campaign.status, 'archived_at', v_campaign.archived_at));
  end if;
  if v_campaign.status <> all (p_allowed) then
    perform private.raise_error('PT409', 'invalid_state',
      format('A campaign that is %s cannot be %s; it must be %s.%s', v_campaign.status, p_verb,
        array_to_string(p_allowed, ' or '),
        case
          when v_campaign.status in ('completed', 'stopped') and p_verb in ('started', 'resumed')
            then ' It has ended: create another one.'
          when v_campaign.status = 'draft' and 'ready' = any (p_allowed) then ' Build its audience first (build-targets).'
          when v_campaign.status = 'building' and 'ready' = any (p_allowed) then ' Try again when its audience is built.'
        end),
      jsonb_build_object('status', v_campaign.status, 'allowed', p_allowed));
  end if;
  return v_campaign;
end;
$$;
comment on function private.lock_campaign(uuid, public.user_role, public.campaign_status[], text) is
  'Locks a campaign of the signed-in user''s organisation for a change of state, and returns it. Raises PT403, PT404, or PT409 '
  'if it is archived or its state is not one of p_allowed.';

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
  perform private.check_campaign(private.require_role('campaign_manager'), p_input, private.campaign_shape());
  v_campaign := private.lock_campaign(p_campaign_id, 'campaign_manager', '{draft,ready,scheduled,running,paused}', 'changed');
  -- The audience and the settings that decide it are fixed once it is built. Pace and texts may still change, with immediate
  -- effect.
  v_fixed := array(
    select k from jsonb_object_keys(p_input) k
    where k in ('target_criteria', 'phones', 'template_category', 'cooldown_days')
      and v_campaign.status <> 'draft');
  if cardinality(v_fixed) > 0 then
    perform private.raise_error('PT409', 'invalid_state',
      format('%s can only be changed while the campaign is a draft.', array_to_string(v_fixed, ', ')),
      jsonb_build_object('status', v_campaign.status, 'fields', v_fixed));
  end if;
  if p_input ->> 'phones' = 'all' and exists (
    select from public.campaign_tests t where t.campaign_id = p_campaign_id and t.status = 'running')
  then
    perform private.refuse_test_of_phones();
  end if;
  if v_campaign.status = 'scheduled' and p_input ? 'scheduled_at' and p_input ->> 'scheduled_at' is null then
    perform private.raise_error('PT422', 'invalid_input', 'A scheduled campaign needs a time.',
      jsonb_build_object('errors',
      jsonb_build_array(jsonb_build_object('field', 'scheduled_at', 'message',
        'Give another time, or start or stop the campaign.'))));
  end if;
  update public.campaigns c set
    name = coalesce(trim(p_input ->> 'name'), c.name),
    description = case when p_input ? 'description' then p_input ->> 'description' else c.description end,
    template_category = coalesce(p_input ->> 'template_category', c.template_category),
    target_criteria = coalesce(p_input -> 'target_criteria', c.target_criteria),
    phones = coalesce(p_input ->> 'phones', c.phones),
    mps = case when p_input ? 'mps' then (p_input ->> 'mps')::numeric else c.mps end,
    daily_cap = case when p_input ? 'daily_cap' then (p_input ->> 'daily_cap')::numeric::integer else c.daily_cap end,
    cooldown_days = case when p_input ? 'cooldown_days' then (p_input ->> 'cooldown_days')::numeric::smallint
      else c.cooldown_days end,
    quiet_hours_override = coalesce((p_input ->> 'quiet_hours_override')::boolean, c.quiet_hours_override),
    retry_undelivered = coalesce((p_input ->> 'retry_undelivered')::boolean, c.retry_undelivered),
    rotation = coalesce(p_input ->> 'rotation', c.rotation),
    scheduled_at = case when p_input ? 'scheduled_at' then (p_input ->> 'scheduled_at')::timestamptz else c.scheduled_at end
  where c.id = p_campaign_id
  returning * into v_campaign;
  perform private.set_campaign_lists(v_campaign, p_input);
  perform private.record_audit_event(v_campaign.org_id, 'campaign_changed', null, p_campaign_id, null,
    jsonb_build_object('fields', array(select jsonb_object_keys(p_input))));
end;
$$;
comment on function private.update_campaign(uuid, jsonb) is
  'Changes the given fields (of private.campaign_shape) of a campaign. Needs campaign_manager. Raises PT403, PT404, PT422, and '
  'PT409 if a field is fixed because the campaign is built. Security definer: users may not write campaigns.';
grant execute on function private.update_campaign(uuid, jsonb) to authenticated;

create function public.update_campaign(p_campaign_id uuid, p_input jsonb) returns void
  language sql set search_path = '' as $$ select private.update_campaign(p_campaign_id, p_input); $$;
comment on function public.update_campaign(uuid, jsonb) is
  'Calls the private function of the same name, which checks role and organisation, with the current time.';
grant execute on function public.update_campaign(uuid, jsonb) to authenticated;
