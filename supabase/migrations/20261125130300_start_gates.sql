-- What a campaign may not start or resume without: a verified A2P registration of every messaging service it sends through,
-- and money left today. A campaign that was scheduled meets the same gate when its time comes, and is paused there.

create function private.start_obstacle(p_campaign_id uuid, p_now timestamptz default now())
returns table (code text, message text, details jsonb)
language plpgsql
stable
set search_path = ''
as $$
declare
  v_org_id uuid;
  v_limits public.sending_limits;
  v_row record;
begin
  select c.org_id into v_org_id from public.campaigns c where c.id = p_campaign_id;
  select * into v_limits from public.sending_limits l where l.org_id = v_org_id;
  for v_row in
    select x.sid, r.status, r.errors, r.checked_at, min(x.e164) as e164
    from (
      select n.e164, coalesce(n.messaging_service_sid, a.messaging_service_sid) as sid
      from private.campaign_numbers(p_campaign_id) n
      left join public.twilio_accounts a on a.org_id = n.org_id
      -- Toll-free numbers are verified by themselves, not by A2P 10DLC.
      where n.status = 'active' and coalesce(n.area_code, '') not in ('800', '833', '844', '855', '866', '877', '888')
    ) x
    left join public.a2p_registrations r on r.org_id = v_org_id and r.messaging_service_sid = x.sid
    group by x.sid, r.status, r.errors, r.checked_at
    order by x.sid nulls first
  loop
    if v_row.sid is null then
      if v_limits.a2p_required then
        return query select 'a2p_not_verified', format(
          '%s is in no messaging service, and your settings ask for a verified A2P registration. Put it into one at Twilio, or turn a2p_required off.', v_row.e164),
          jsonb_build_object('phone_number', v_row.e164);
        return;
      end if;
    -- Read daily: what is older than two days could not be read, and nobody knows what became of it.
    elsif v_row.status is null or v_row.checked_at < p_now - interval '2 days' then
      return query select 'a2p_not_checked', format(
        'The A2P registration of messaging service %s is being read from Twilio. Try again in a moment.', v_row.sid),
        jsonb_build_object('messaging_service_sid', v_row.sid, 'checked_at', v_row.checked_at, 'retry_after', 5);
      return;
    elsif v_row.status <> 'VERIFIED' then
      return query select 'a2p_not_verified', format(
        'The A2P registration of messaging service %s is %s%s. Campaigns may send when Twilio says VERIFIED: mend it in Twilio''s console. It is read again every 10 minutes.',
        v_row.sid, v_row.status,
        coalesce(' (' || (select string_agg(coalesce(e ->> 'error_code', e ->> 'message'), ', ') from jsonb_array_elements(v_row.errors) e) || ')', '')),
        jsonb_build_object('messaging_service_sid', v_row.sid, 'status', v_row.status, 'errors', v_row.errors, 'checked_at', v_row.checked_at);
      return;
    end if;
  end loop;
  if v_limits.daily_spending_limit is not null and private.spending_room(v_org_id, p_now, false) = 0 then
    return query select 'spending_limit_reached', format(
      'Of today''s spending limit of %s US dollars, %s are spent. Raise daily_spending_limit in your settings, or go on tomorrow.',
      v_limits.daily_spending_limit, round(private.spent_today(v_org_id, p_now), 2)),
      jsonb_build_object('daily_spending_limit', v_limits.daily_spending_limit, 'spent', private.spent_today(v_org_id, p_now));
  end if;
end;
$$;
comment on function private.start_obstacle(uuid, timestamptz) is
  'Why a campaign may not send now, in a code, a sentence and details: a2p_not_verified, a2p_not_checked (not read yet) or spending_limit_reached; no row where it may.';

create function private.refuse_start(p_campaign_id uuid, p_now timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
declare
  v_row record;
begin
  select * into v_row from private.start_obstacle(p_campaign_id, p_now);
  if v_row.code is not null then
    perform private.raise_error('PT409', v_row.code, v_row.message, v_row.details);
  end if;
end;
$$;
comment on function private.refuse_start(uuid, timestamptz) is 'Raises PT409 with what stands in the way of a campaign''s start, where something does.';

create or replace function private.start_campaign(p_campaign_id uuid, p_now timestamptz default now())
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
  v_later := coalesce(v_campaign.status = 'ready' and v_campaign.scheduled_at > p_now, false);
  if not v_later then
    perform private.refuse_start(p_campaign_id, p_now);
  end if;
  update public.campaigns
  set status = case when v_later then 'scheduled' else 'running' end::public.campaign_status,
      started_at = case when v_later then null else p_now end,
      status_reason = null, needs_attention = null
  where id = p_campaign_id;
  perform private.record_audit_event(v_campaign.org_id, case when v_later then 'campaign_scheduled' else 'campaign_started' end, null, p_campaign_id);
  perform private.hasten_account_check(v_campaign.org_id);
end;
$$;
comment on function private.start_campaign(uuid, timestamptz) is
  'Starts a campaign that is ready, or schedules it where scheduled_at is ahead. Raises PT409 with what is missing or stands in the way. Definer: users may not write campaigns. Needs campaign_manager.';

create or replace function private.resume_campaign(p_campaign_id uuid, p_now timestamptz default now())
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
  foreach v_kind in array array['campaign_paused', 'breaker_tripped', 'start_refused'] loop
    perform private.close_alerts(v_campaign.org_id, v_kind, p_now, p_campaign_id);
  end loop;
  perform private.record_audit_event(v_campaign.org_id, 'campaign_resumed', null, p_campaign_id);
  perform private.hasten_account_check(v_campaign.org_id);
end;
$$;
comment on function private.resume_campaign(uuid, timestamptz) is
  'Resumes a paused campaign, whatever paused it, and lets the circuit breaker count anew. Raises PT409 where A2P registration or today''s spending limit still stands in the way. Definer: users may not write campaigns. Needs campaign_manager.';

create or replace function private.start_scheduled(p_now timestamptz default now())
returns integer
language plpgsql
set search_path = ''
as $$
declare
  v_campaign record;
  v_obstacle record;
  v_count integer := 0;
begin
  for v_campaign in
    select c.id, c.org_id from public.campaigns c
    where c.status = 'scheduled' and c.scheduled_at <= p_now order by c.id for no key update skip locked
  loop
    select * into v_obstacle from private.start_obstacle(v_campaign.id, p_now);
    if v_obstacle.code is null then
      update public.campaigns c set status = 'running', started_at = p_now where c.id = v_campaign.id;
      perform private.hasten_account_check(v_campaign.org_id);
      v_count := v_count + 1;
    else
      update public.campaigns c
      set status = 'paused', started_at = p_now, paused_at = p_now, status_reason = v_obstacle.message, needs_attention = v_obstacle.message
      where c.id = v_campaign.id;
      perform private.raise_alert(v_campaign.org_id, 'start_refused', 'critical',
        'A scheduled campaign could not start. ' || v_obstacle.message, v_campaign.id, null,
        v_obstacle.details || jsonb_build_object('code', v_obstacle.code));
    end if;
  end loop;
  return v_count;
end;
$$;
comment on function private.start_scheduled(timestamptz) is
  'Starts scheduled campaigns whose time has come, and pauses, with an alert, those that may not send; returns how many it started.';
