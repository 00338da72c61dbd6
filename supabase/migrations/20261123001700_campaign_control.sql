-- Campaign control: create, change, build, start, pause, resume, stop. Users call the wrappers in public (last in this file).
-- Pause and stop wait for claims in flight (which hold the campaign for share) and withdraw what is queued before they answer.

create function private.withdraw_queued(p_campaign_id uuid, p_state public.target_state, p_reason text, p_now timestamptz default now())
returns integer
language plpgsql
set search_path = ''
as $$
declare
  v_count integer;
  v_targets uuid[];
  v_messages uuid[];
begin
  -- Usage rows first: locks are taken in one order, org → campaign → number → contact → target → message.
  perform private.lock_usage(array(
    select t.message_id from public.campaign_targets t where t.campaign_id = p_campaign_id and t.state = 'queued'));
  v_targets := array(
    select t.id from public.campaign_targets t
    where t.campaign_id = p_campaign_id and t.state = 'queued'
    order by t.id for no key update);
  with canceled as (
    update public.messages m
    set status = 'canceled', error_message = p_reason, settled_at = p_now
    where m.campaign_target_id = any (v_targets) and m.status = 'queued'
    returning m.id
  )
  select array_agg(c.id) into v_messages from canceled c;
  update public.campaign_targets t
  set state = p_state, reason = case when p_state = 'waiting' then null else p_reason end,
      message_id = null, attempts = greatest(t.attempts - 1, 0), updated_at = p_now
  where t.id = any (v_targets);
  perform private.refund_usage(v_messages);
  v_count := cardinality(v_targets);
  return v_count;
end;
$$;
comment on function private.withdraw_queued(uuid, public.target_state, text, timestamptz) is
  'Cancels a campaign''s queued messages, puts their targets into p_state (waiting or canceled) and refunds the daily caps; returns how many. The caller holds the campaign''s lock.';

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

create function private.start_campaign(p_campaign_id uuid, p_now timestamptz default now())
returns void
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_campaign public.campaigns;
  v_later boolean;
begin
  v_campaign := private.lock_campaign(p_campaign_id, 'campaign_manager', '{ready,scheduled}', 'started');
  if not exists (
    select 1 from public.campaign_templates ct join public.templates t on t.id = ct.template_id
    where ct.campaign_id = p_campaign_id and t.is_active
  ) then
    perform private.raise_error('PT409', 'no_templates', 'The campaign has no active template. Add one, then start it.');
  end if;
  if not exists (select 1 from private.campaign_numbers(p_campaign_id) n where n.status = 'active') then
    perform private.raise_error('PT409', 'no_phone_numbers', 'The campaign has no active phone number. Add or activate one, then start it.');
  end if;
  if not exists (select 1 from public.twilio_accounts a where a.org_id = v_campaign.org_id) then
    perform private.raise_error('PT409', 'twilio_not_configured', 'Your organisation has no Twilio account. Connect one, then start the campaign.');
  end if;
  if not exists (select 1 from public.campaign_targets t where t.campaign_id = p_campaign_id and t.state = 'waiting') then
    perform private.raise_error('PT409', 'no_targets', 'Nobody is left to write to: every target is excluded. Change the criteria and build again.');
  end if;
  -- Starting a scheduled campaign by hand starts it now.
  v_later := v_campaign.status = 'ready' and v_campaign.scheduled_at > p_now;
  update public.campaigns
  set status = case when v_later then 'scheduled' else 'running' end::public.campaign_status,
      started_at = case when v_later then null else p_now end,
      status_reason = null, needs_attention = null
  where id = p_campaign_id;
  perform private.record_audit_event(v_campaign.org_id, case when v_later then 'campaign_scheduled' else 'campaign_started' end, null, p_campaign_id);
end;
$$;
comment on function private.start_campaign(uuid, timestamptz) is
  'Starts a campaign that is ready, or schedules it where scheduled_at is ahead. Raises PT409 with what is missing. Definer: users may not write campaigns. Needs campaign_manager.';

create function private.pause_campaign(p_campaign_id uuid, p_now timestamptz default now())
returns void
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_campaign public.campaigns;
begin
  v_campaign := private.lock_campaign(p_campaign_id, 'campaign_manager', '{running}', 'paused');
  perform private.pause_running(p_campaign_id, null, p_now);
  perform private.record_audit_event(v_campaign.org_id, 'campaign_paused', null, p_campaign_id);
end;
$$;
comment on function private.pause_campaign(uuid, timestamptz) is
  'Pauses a running campaign. Answers when claims in flight are done; after that nothing of it is claimed. Definer: users may not write campaigns. Needs campaign_manager.';

create function private.resume_campaign(p_campaign_id uuid, p_now timestamptz default now())
returns void
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_campaign public.campaigns;
begin
  v_campaign := private.lock_campaign(p_campaign_id, 'campaign_manager', '{paused}', 'resumed');
  update public.campaigns set status = 'running', paused_at = null, status_reason = null, needs_attention = null where id = p_campaign_id;
  update public.alerts set resolved_at = p_now where org_id = v_campaign.org_id and campaign_id = p_campaign_id and resolved_at is null and kind = 'campaign_paused';
  perform private.record_audit_event(v_campaign.org_id, 'campaign_resumed', null, p_campaign_id);
end;
$$;
comment on function private.resume_campaign(uuid, timestamptz) is
  'Resumes a paused campaign, whatever paused it. Definer: users may not write campaigns. Needs campaign_manager.';

create function private.stop_campaign(p_campaign_id uuid, p_now timestamptz default now())
returns void
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_campaign public.campaigns;
begin
  v_campaign := private.lock_campaign(p_campaign_id, 'campaign_manager', '{building,ready,scheduled,running,paused}', 'stopped');
  perform private.withdraw_queued(p_campaign_id, 'canceled', 'stopped', p_now);
  update public.campaigns set status = 'stopped', finished_at = p_now, needs_attention = null, status_reason = null where id = p_campaign_id;
  -- A large backlog is canceled in chunks by the tick; nothing of it can be planned or claimed meanwhile.
  perform private.cancel_waiting(p_campaign_id, 10000, p_now);
  perform private.record_audit_event(v_campaign.org_id, 'campaign_stopped', null, p_campaign_id);
end;
$$;
comment on function private.stop_campaign(uuid, timestamptz) is
  'Stops a campaign for good. Answers when claims in flight are done; after that nothing of it is claimed. Definer: users may not write campaigns. Needs campaign_manager.';

create function private.pause_running(p_campaign_id uuid, p_reason text, p_now timestamptz default now())
returns void
language plpgsql
set search_path = ''
as $$
begin
  perform private.withdraw_queued(p_campaign_id, 'waiting', 'paused', p_now);
  update public.campaigns
  set status = 'paused', paused_at = p_now, status_reason = p_reason, needs_attention = p_reason
  where id = p_campaign_id and status = 'running';
end;
$$;
comment on function private.pause_running(uuid, text, timestamptz) is
  'Pauses a running campaign whose lock the caller holds; p_reason (null: a person did it) says what a person must look at.';

create function private.cancel_waiting(p_campaign_id uuid, p_limit integer, p_now timestamptz default now())
returns integer
language sql
set search_path = ''
as $$
  with batch as (
    select t.id from public.campaign_targets t
    where t.campaign_id = p_campaign_id and t.state = 'waiting'
    order by t.id limit p_limit for no key update skip locked
  ),
  canceled as (
    update public.campaign_targets t set state = 'canceled', reason = 'stopped', updated_at = p_now
    from batch b where t.id = b.id returning 1
  )
  select count(*)::integer from canceled;
$$;
comment on function private.cancel_waiting(uuid, integer, timestamptz) is 'Cancels up to p_limit waiting targets of a stopped campaign; returns how many.';

create function private.campaign_numbers(p_campaign_id uuid)
returns setof public.phone_numbers
language sql
stable
set search_path = ''
as $$
  select n.* from public.campaigns c
  join public.phone_numbers n on n.org_id = c.org_id
  where c.id = p_campaign_id
    and (
      exists (select 1 from public.campaign_phone_numbers cn where cn.campaign_id = c.id and cn.phone_number_id = n.id)
      or not exists (select 1 from public.campaign_phone_numbers cn where cn.campaign_id = c.id)
    );
$$;
comment on function private.campaign_numbers(uuid) is 'The pool of a campaign: the numbers it lists, else all of its organisation.';

create function private.charges_of(p_messages uuid[])
returns table (scope text, scope_id uuid, day date, messages integer, segments integer)
language sql
stable
set search_path = ''
as $$
  -- A number's day is its own zone's; the campaign's and the organisation's is the organisation's: around midnight they differ.
  select x.scope, x.scope_id, x.day, count(*)::integer, sum(m.charged_segments)::integer
  from public.messages m
  join public.orgs o on o.id = m.org_id
  cross join lateral (
    values ('org', m.org_id, (m.queued_at at time zone o.time_zone)::date),
      ('campaign', m.campaign_id, (m.queued_at at time zone o.time_zone)::date),
      ('number', m.phone_number_id, m.charged_day)
  ) as x(scope, scope_id, day)
  where m.id = any (p_messages) and m.charged_day is not null
  group by x.scope, x.scope_id, x.day;
$$;
comment on function private.charges_of(uuid[]) is 'What messages were charged against the daily caps when they were planned, by cap and day.';

create function private.lock_usage(p_messages uuid[])
returns void
language sql
set search_path = ''
as $$
  -- The order in which planning charges: organisation, campaign, number. Two that refund, or one and a plan, then never deadlock.
  select 1 from private.daily_usage u
  where (u.scope, u.scope_id, u.day) in (select c.scope, c.scope_id, c.day from private.charges_of(p_messages) c)
  order by array_position(array['org', 'campaign', 'number'], u.scope), u.scope_id, u.day
  for no key update;
$$;
comment on function private.lock_usage(uuid[]) is 'Locks the daily caps that messages were charged against, in the one order.';

create function private.refund_usage(p_messages uuid[])
returns void
language plpgsql
set search_path = ''
as $$
begin
  if p_messages is null or cardinality(p_messages) = 0 then
    return;
  end if;
  perform private.lock_usage(p_messages);
  update private.daily_usage u
  set messages = greatest(u.messages - r.messages, 0), segments = greatest(u.segments - r.segments, 0)
  from private.charges_of(p_messages) r
  where u.scope = r.scope and u.scope_id = r.scope_id and u.day = r.day;
end;
$$;
comment on function private.refund_usage(uuid[]) is
  'Gives back to the daily caps what messages that were not sent had been charged. The last thing a transaction locks: whoever holds a cap waits for nothing.';

select pgmq.create('builds');

create function public.create_campaign(p_input jsonb) returns uuid
  language sql set search_path = '' as $$ select private.create_campaign(p_input); $$;
create function public.update_campaign(p_campaign_id uuid, p_input jsonb) returns void
  language sql set search_path = '' as $$ select private.update_campaign(p_campaign_id, p_input); $$;
create function public.build_targets(p_campaign_id uuid, p_dry_run boolean default false) returns jsonb
  language sql set search_path = '' as $$ select private.build_targets(p_campaign_id, p_dry_run); $$;
create function public.start_campaign(p_campaign_id uuid) returns void
  language sql set search_path = '' as $$ select private.start_campaign(p_campaign_id); $$;
create function public.pause_campaign(p_campaign_id uuid) returns void
  language sql set search_path = '' as $$ select private.pause_campaign(p_campaign_id); $$;
create function public.resume_campaign(p_campaign_id uuid) returns void
  language sql set search_path = '' as $$ select private.resume_campaign(p_campaign_id); $$;
create function public.stop_campaign(p_campaign_id uuid) returns void
  language sql set search_path = '' as $$ select private.stop_campaign(p_campaign_id); $$;

do $$
declare
  v_signature text;
begin
  foreach v_signature in array array[
    'create_campaign(jsonb)', 'update_campaign(uuid, jsonb)', 'build_targets(uuid, boolean%s)', 'start_campaign(uuid%s)',
    'pause_campaign(uuid%s)', 'resume_campaign(uuid%s)', 'stop_campaign(uuid%s)'
  ] loop
    execute format('grant execute on function private.%s to authenticated', format(v_signature, ', timestamptz'));
    execute format('grant execute on function public.%s to authenticated', format(v_signature, ''));
    execute format('comment on function public.%s is %L', format(v_signature, ''),
      'Calls the private function of the same name, which checks role and organisation, at the time of the call.');
  end loop;
end;
$$;
