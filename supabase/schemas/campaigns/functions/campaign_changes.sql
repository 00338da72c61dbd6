-- Creating, changing and building campaigns. Users call the functions of the same names in public.

create function private.own_campaign(p_campaign_id uuid, p_role public.user_role)
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
  return v_campaign;
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
  perform private.check_campaign(v_org_id, p_input, private.new_campaign_shape());
  insert into public.campaigns (
    org_id, name, description, template_category, target_criteria, phones, mps, daily_cap, cooldown_days,
    quiet_hours_override, retry_undelivered, scheduled_at, created_by)
  values (
    v_org_id, trim(p_input ->> 'name'), p_input ->> 'description', coalesce(p_input ->> 'template_category', 'initial'),
    coalesce(p_input -> 'target_criteria', '{}'), coalesce(p_input ->> 'phones', 'primary'),
    (p_input ->> 'mps')::numeric, (p_input ->> 'daily_cap')::numeric::integer, (p_input ->> 'cooldown_days')::numeric::smallint,
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
  perform private.record_audit_event(v_org_id, 'campaign_created', null, v_campaign.id, null,
    jsonb_build_object('name', v_campaign.name));
  return v_campaign.id;
end;
$$;
comment on function private.create_campaign(jsonb) is
  'Creates a draft campaign from fields of private.new_campaign_shape and returns its id. Without template_ids it rotates all '
  'active templates of its category in p_input.language (by default the organisation''s language). Without phone_number_ids it '
  'sends from all numbers. Needs campaign_manager. Raises PT403, PT422. Security definer: users may not write campaigns.';
grant execute on function private.create_campaign(jsonb) to authenticated;

create function public.create_campaign(p_input jsonb) returns uuid
  language sql set search_path = '' as $$ select private.create_campaign(p_input); $$;
comment on function public.create_campaign(jsonb) is
  'Calls the private function of the same name, which checks role and organisation, with the current time.';
grant execute on function public.create_campaign(jsonb) to authenticated;

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
  -- Criteria may have been stored before they were checked, or name a segment that was deleted since. The person learns it now;
  -- the worker could not correct it.
  perform private.check_criteria(v_campaign.org_id, v_campaign.target_criteria, p_now);
  if p_dry_run then
    if v_campaign.status = 'ready' then
      perform private.raise_error('PT409', 'invalid_state', 'The audience is built already; read the campaign''s figures.');
    end if;
    select jsonb_build_object(
      'audience', coalesce(sum(r.n), 0),
      'targets', coalesce(sum(r.n) filter (where r.reason is null), 0),
      'not_looked_up', coalesce(sum(r.not_looked_up) filter (where r.reason is null), 0),
      'excluded', coalesce(sum(r.n) filter (where r.reason is not null), 0),
      'reasons', coalesce(jsonb_object_agg(r.reason, r.n) filter (where r.reason is not null), '{}'))
    into v_counts
    from (
      select a.reason, count(*) as n, count(*) filter (where p.line_type is null) as not_looked_up
      from private.campaign_audience(v_campaign, null, null, p_now) a
      left join lateral (select x.line_type from public.lead_phones x where x.id = a.lead_phone_id limit 1) p on true
      group by a.reason
    ) r;
    return v_counts;
  end if;
  if (select count(*) from public.audit_events e where e.org_id = v_campaign.org_id and e.event_type = 'campaign_building'
      and e.created_at > p_now - interval '1 hour') >= 500 then
    perform private.raise_error('PT429', 'rate_limited',
      'Your organisation began to build 500 audiences within an hour, which is the most. Wait, then build this one again.',
      jsonb_build_object('limit', 500));
  end if;
  -- built_at stays if it is set: the first chunks then delete the targets of the earlier build.
  update public.campaigns set status = 'building', build_cursor = null, needs_attention = null where id = p_campaign_id;
  perform private.send_work('builds', v_campaign.org_id, jsonb_build_object('campaign_id', p_campaign_id));
  perform private.call_worker();
  perform private.close_alerts(v_campaign.org_id, 'build_failed', p_now, p_campaign_id);
  perform private.record_audit_event(v_campaign.org_id, 'campaign_building', null, p_campaign_id);
  return null;
end;
$$;
comment on function private.build_targets(uuid, boolean, timestamptz) is
  'Starts building a campaign''s audience (in chunks, by the worker), or with p_dry_run counts it by reason without writing. '
  'Needs campaign_manager. Raises PT403, PT404, PT409, PT429 above 500 an hour, and PT422 if its criteria are invalid or name a '
  'segment that does not exist. Security definer: users may not write targets.';
grant execute on function private.build_targets(uuid, boolean, timestamptz) to authenticated;

create function public.build_targets(p_campaign_id uuid, p_dry_run boolean default false) returns jsonb
  language sql set search_path = '' as $$ select private.build_targets(p_campaign_id, p_dry_run); $$;
comment on function public.build_targets(uuid, boolean) is
  'Calls the private function of the same name, which checks role and organisation, with the current time.';
grant execute on function public.build_targets(uuid, boolean) to authenticated;
