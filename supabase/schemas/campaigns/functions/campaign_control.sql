-- Campaign control: start, pause, resume, stop. Users call the functions of the same names in public. Pause and stop wait for
-- claims in flight, which hold a share lock on the campaign, and withdraw queued messages before they answer.

create function private.withdraw_queued(p_campaign_id uuid, p_state public.target_state, p_reason text,
  p_now timestamptz default now())
returns integer
language plpgsql
set search_path = ''
as $$
declare
  v_count integer;
  v_targets uuid[];
  v_messages uuid[];
begin
  -- Targets before the daily caps, as everywhere but in planning, which waits for no target: a late receipt holds a target
  -- when it comes to the caps.
  select array_agg(m.id), array_agg(m.campaign_target_id) into v_messages, v_targets
  from public.messages m where m.campaign_id = p_campaign_id and m.is_open and m.status = 'queued' and m.kind = 'campaign';
  v_targets := array(
    select t.id from public.campaign_targets t
    where t.id = any (v_targets) and t.state = 'queued'
    order by t.id for no key update);
  with canceled as (
    update public.messages m
    set status = 'canceled', error_message = p_reason, settled_at = p_now
    where m.id = any (v_messages) and m.campaign_target_id = any (v_targets) and m.status = 'queued'
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
  'Cancels a campaign''s queued messages, sets their targets to p_state (waiting or canceled) and refunds the daily caps; '
  'returns how many. The caller holds the campaign''s lock.';

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
  'Pauses a running campaign whose lock the caller holds. p_reason says what a person must look at; null if a person paused it.';

create function private.reopen_campaign(p_campaign_id uuid)
returns void
language sql
set search_path = ''
as $$
  update public.campaigns c set status = 'running', finished_at = null, archived_at = null
  where c.id = p_campaign_id and c.status = 'completed';
$$;
comment on function private.reopen_campaign(uuid) is
  'Sets a completed campaign running again, because one of its targets waits again. Does nothing in other states. The caller '
  'holds the campaign''s lock.';

create function private.cancel_waiting(p_campaign_id uuid, p_limit integer, p_now timestamptz default now())
returns integer
language sql
set search_path = ''
as $$
  with batch as (
    select t.id from public.campaign_targets t
    where t.campaign_id = p_campaign_id and t.is_waiting
    order by t.id limit p_limit for no key update skip locked
  ),
  canceled as (
    update public.campaign_targets t set state = 'canceled', reason = 'stopped', updated_at = p_now
    from batch b where t.id = b.id returning 1
  )
  select count(*)::integer from canceled;
$$;
comment on function private.cancel_waiting(uuid, integer, timestamptz) is
  'Cancels up to p_limit waiting targets of a stopped campaign; returns how many.';

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
comment on function private.campaign_numbers(uuid) is
  'The pool of a campaign: the numbers it lists, or all numbers of its organisation if it lists none.';

create function private.start_campaign(p_campaign_id uuid, p_acknowledge text[] default '{}',
  p_expected public.campaign_status default null, p_now timestamptz default now())
returns void
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_campaign public.campaigns;
  v_later boolean;
  v_blocker record;
begin
  v_campaign := private.lock_campaign(p_campaign_id, 'campaign_manager', '{ready,scheduled}', 'started');
  if p_expected <> v_campaign.status then
    perform private.raise_error('PT409', 'invalid_state', format(
      'The campaign is %s by now, and was %s. Look at it again, then start it.', v_campaign.status, p_expected),
      jsonb_build_object('status', v_campaign.status));
  end if;
  -- Starting a scheduled campaign by hand starts it now.
  v_later := coalesce(v_campaign.status = 'ready' and v_campaign.scheduled_at > p_now, false);
  for v_blocker in select * from private.start_blockers(p_campaign_id, p_now) loop
    continue when v_later and v_blocker.can_wait;
    perform private.raise_error('PT409', v_blocker.code, v_blocker.message, v_blocker.details);
  end loop;
  perform private.refuse_unacknowledged(v_campaign, p_acknowledge, p_now);
  update public.campaigns
  set status = case when v_later then 'scheduled' else 'running' end::public.campaign_status,
      started_at = case when v_later then null else p_now end,
      status_reason = null, needs_attention = null
  where id = p_campaign_id;
  perform private.close_alerts(v_campaign.org_id, 'start_refused', p_now, p_campaign_id);
  perform private.record_audit_event(v_campaign.org_id, case when v_later then 'campaign_scheduled'
    else 'campaign_started' end, null, p_campaign_id);
  perform private.hasten_account_check(v_campaign.org_id);
  perform private.call_worker();
end;
$$;
comment on function private.start_campaign(uuid, text[], public.campaign_status, timestamptz) is
  'Starts a campaign that is ready, or schedules it if scheduled_at is in the future; one that is scheduled starts now. '
  'p_acknowledge: the codes of the warnings of its preflight that the caller has read. p_expected: the status that the caller '
  'saw; with another one it does nothing, so that of two equal requests one schedules it and the other does not start it. Needs '
  'campaign_manager. Raises PT403, PT404, PT409 with what is missing or prevents it, PT422. Security definer: users may not '
  'write campaigns.';
grant execute on function private.start_campaign(uuid, text[], public.campaign_status, timestamptz) to authenticated;

create function public.start_campaign(p_campaign_id uuid, p_acknowledge text[] default '{}',
  p_expected public.campaign_status default null) returns void
  language sql set search_path = '' as $$ select private.start_campaign(p_campaign_id, p_acknowledge, p_expected); $$;
comment on function public.start_campaign(uuid, text[], public.campaign_status) is
  'Calls the private function of the same name, which checks role and organisation, with the current time.';
grant execute on function public.start_campaign(uuid, text[], public.campaign_status) to authenticated;

create function private.pause_campaign(p_campaign_id uuid, p_now timestamptz default now())
returns void
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_campaign public.campaigns;
begin
  v_campaign := private.own_campaign(p_campaign_id, 'campaign_manager');
  if v_campaign.status = 'building' and v_campaign.starts_when_built then
    update public.campaigns set starts_when_built = false where id = p_campaign_id;
    perform private.record_audit_event(v_campaign.org_id, 'campaign_start_withdrawn', null, p_campaign_id);
    return;
  end if;
  v_campaign := private.lock_campaign(p_campaign_id, 'campaign_manager', '{running}', 'paused');
  perform private.pause_running(p_campaign_id, null, p_now);
  perform private.record_audit_event(v_campaign.org_id, 'campaign_paused', null, p_campaign_id);
end;
$$;
comment on function private.pause_campaign(uuid, timestamptz) is
  'Pauses a running campaign. Returns when claims in flight are done; after that none of its messages are claimed. One that is '
  'being built, and was to start then, is ready afterwards instead. Needs campaign_manager. Raises PT403, PT404, PT409. Security '
  'definer: users may not write campaigns.';
grant execute on function private.pause_campaign(uuid, timestamptz) to authenticated;

create function public.pause_campaign(p_campaign_id uuid) returns void
  language sql set search_path = '' as $$ select private.pause_campaign(p_campaign_id); $$;
comment on function public.pause_campaign(uuid) is
  'Calls the private function of the same name, which checks role and organisation, with the current time.';
grant execute on function public.pause_campaign(uuid) to authenticated;

create function private.resume_campaign(p_campaign_id uuid, p_now timestamptz default now())
returns void
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_campaign public.campaigns;
  v_kind text;
begin
  v_campaign := private.lock_campaign(p_campaign_id, 'campaign_manager', '{paused}', 'resumed');
  perform private.refuse_start(p_campaign_id, p_now);
  update public.campaigns
  set status = 'running', paused_at = null, status_reason = null, needs_attention = null, breaker_since = p_now
  where id = p_campaign_id;
  perform private.mark_campaign(p_campaign_id, p_now);
  perform private.release_regions(v_campaign.org_id, p_now);
  perform private.close_alerts(v_campaign.org_id, 'region_not_permitted', p_now);
  foreach v_kind in array array['campaign_paused', 'breaker_tripped', 'start_refused'] loop
    perform private.close_alerts(v_campaign.org_id, v_kind, p_now, p_campaign_id);
  end loop;
  perform private.record_audit_event(v_campaign.org_id, 'campaign_resumed', null, p_campaign_id);
  perform private.hasten_account_check(v_campaign.org_id);
  perform private.call_worker();
end;
$$;
comment on function private.resume_campaign(uuid, timestamptz) is
  'Resumes a paused campaign, whatever paused it, makes the circuit breaker count anew, and has regions that Twilio refused '
  'tried again. Needs campaign_manager. Raises PT403, PT404, PT409, also if A2P registration or today''s spending limit still '
  'prevents sending. Security definer: users may not write campaigns.';
grant execute on function private.resume_campaign(uuid, timestamptz) to authenticated;

create function public.resume_campaign(p_campaign_id uuid) returns void
  language sql set search_path = '' as $$ select private.resume_campaign(p_campaign_id); $$;
comment on function public.resume_campaign(uuid) is
  'Calls the private function of the same name, which checks role and organisation, with the current time.';
grant execute on function public.resume_campaign(uuid) to authenticated;

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
  update public.campaigns set status = 'stopped', finished_at = p_now, needs_attention = null, status_reason = null
    where id = p_campaign_id;
  -- The task sending cancels a large backlog in chunks; meanwhile none of it can be planned or claimed.
  perform private.cancel_waiting(p_campaign_id, 10000, p_now);
  perform private.record_audit_event(v_campaign.org_id, 'campaign_stopped', null, p_campaign_id);
end;
$$;
comment on function private.stop_campaign(uuid, timestamptz) is
  'Stops a campaign for good. Returns when claims in flight are done; after that none of its messages are claimed. Needs '
  'campaign_manager. Raises PT403, PT404, PT409. Security definer: users may not write campaigns.';
grant execute on function private.stop_campaign(uuid, timestamptz) to authenticated;

create function public.stop_campaign(p_campaign_id uuid) returns void
  language sql set search_path = '' as $$ select private.stop_campaign(p_campaign_id); $$;
comment on function public.stop_campaign(uuid) is
  'Calls the private function of the same name, which checks role and organisation, with the current time.';
grant execute on function public.stop_campaign(uuid) to authenticated;
