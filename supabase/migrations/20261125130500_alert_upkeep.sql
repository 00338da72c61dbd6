-- Alerts: what is stuck gets one, what is mended loses it, and people may resolve the rest.

-- A2P is a word, too.
alter table public.alerts
  drop constraint alerts_kind_check,
  add constraint alerts_kind_check check (kind ~ '^[a-z][a-z0-9_]*$');
alter table public.alerts add column resolved_by uuid references public.users (id) on delete set null;
comment on column public.alerts.resolved_by is 'Who resolved it; null where its cause went away.';
create index alerts_resolved_by_idx on public.alerts (resolved_by) where resolved_by is not null;
-- Open ones first, then the newest: the order of the list.
create index alerts_open_first_idx on public.alerts (org_id, resolved_at desc nulls first, created_at desc, id);

create function private.flag_stuck_builds(p_now timestamptz default now())
returns integer
language plpgsql
set search_path = ''
as $$
declare
  v_row record;
  v_count integer := 0;
begin
  -- A chunk takes seconds and stamps the campaign; after ten minutes without one, building fails each time it is tried.
  for v_row in
    select c.id, c.org_id, c.name from public.campaigns c
    where c.status = 'building' and c.needs_attention is null and c.updated_at < p_now - interval '10 minutes'
    order by c.id for no key update skip locked
  loop
    v_count := v_count + 1;
    update public.campaigns set needs_attention = 'Its audience has not been built on for 10 minutes. Stop it and build another, or see the worker''s log.'
    where id = v_row.id;
    perform private.raise_alert(v_row.org_id, 'build_stuck', 'critical',
      format('The audience of campaign "%s" has not been built on for 10 minutes.', v_row.name), v_row.id);
  end loop;
  update public.campaigns c set needs_attention = null
  where c.status in ('ready', 'draft') and c.needs_attention is not null
    and exists (select 1 from public.alerts a where a.org_id = c.org_id and a.campaign_id = c.id and a.kind = 'build_stuck' and a.resolved_at is null);
  return v_count;
end;
$$;
comment on function private.flag_stuck_builds(timestamptz) is 'Says of campaigns whose audience is not being built on that they need attention, with an alert; returns of how many.';

create function private.resolve_alerts(p_now timestamptz default now())
returns integer
language plpgsql
set search_path = ''
as $$
declare
  v_count integer;
begin
  -- Open alerts are few, and found by the index that keeps each kind open once.
  update public.alerts a set resolved_at = p_now
  where a.resolved_at is null and case a.kind
    when 'campaign_paused' then a.campaign_id is not null and not exists (
      select 1 from public.campaigns c where c.id = a.campaign_id and c.status = 'paused')
    when 'breaker_tripped' then not exists (select 1 from public.campaigns c where c.id = a.campaign_id and c.status = 'paused')
    when 'start_refused' then not exists (select 1 from public.campaigns c where c.id = a.campaign_id and c.status = 'paused')
    when 'campaign_stalled' then not exists (
      select 1 from public.campaigns c where c.id = a.campaign_id and c.status = 'running' and c.needs_attention is not null)
    when 'build_stuck' then not exists (
      select 1 from public.campaigns c where c.id = a.campaign_id and c.status = 'building' and c.needs_attention is not null)
    when 'quiet_hours_override_refused' then not exists (
      select 1 from public.campaigns c where c.id = a.campaign_id and c.quiet_hours_override and c.status in ('running', 'paused'))
    when 'number_quarantined' then not exists (
      select 1 from public.phone_numbers n where n.id = a.phone_number_id and n.status = 'quarantined')
    when 'number_queue_full' then not exists (
      select 1 from private.number_pace p where p.phone_number_id = a.phone_number_id and p.resting_until > p_now)
    when 'account_daily_limit' then not exists (
      select 1 from private.org_pace p where p.org_id = a.org_id and p.resting_until > p_now)
    when 'spending_limit_reached' then private.spending_room(a.org_id, p_now, false) > 0
    when 'balance_low' then not exists (
      select 1 from public.twilio_accounts t join public.sending_limits l on l.org_id = t.org_id
      where t.org_id = a.org_id and t.balance < l.min_balance)
    when 'a2p_not_verified' then not exists (
        select 1 from public.a2p_registrations r where r.org_id = a.org_id and r.status <> 'VERIFIED')
      and not exists (select 1 from public.sending_limits l where l.org_id = a.org_id and l.a2p_required)
    when 'send_unclear' then not exists (
      select 1 from public.messages m where m.id = (a.details ->> 'message_id')::uuid and m.status = 'unknown')
    when 'account_check_failed' then not exists (
      select 1 from private.account_checks k where k.org_id = a.org_id and k.failures > 0)
    else false
  end;
  get diagnostics v_count = row_count;
  return v_count;
end;
$$;
comment on function private.resolve_alerts(timestamptz) is
  'Resolves alerts whose cause is gone; returns how many. What only a person can settle (a message refused as malformed, a double send, figures that were repaired) stays open.';

create function private.prune_guard(p_now timestamptz default now(), p_limit integer default 10000)
returns void
language plpgsql
set search_path = ''
as $$
begin
  delete from private.number_traffic t where t.bin < p_now - interval '25 hours';
  delete from private.unclear_sends u where u.attempt_id in (
    select x.attempt_id from private.unclear_sends x where x.unclear_at < p_now - interval '25 hours' limit p_limit);
  -- The newest mark of a day ago is what the last 24 hours are reckoned from.
  delete from private.campaign_marks m
  where m.taken_at < p_now - interval '24 hours' and exists (
    select 1 from private.campaign_marks k
    where k.campaign_id = m.campaign_id and k.taken_at > m.taken_at and k.taken_at <= p_now - interval '24 hours');
  delete from private.campaign_marks m using public.campaigns c
  where c.id = m.campaign_id and c.finished_at < p_now - interval '25 hours';
  delete from public.alerts a where a.id in (
    select x.id from public.alerts x where x.resolved_at < p_now - interval '180 days' order by x.id limit p_limit);
end;
$$;
comment on function private.prune_guard(timestamptz, integer) is
  'Removes what the guard needs no longer: traffic of numbers, unclear sends and marks of campaigns after a day, resolved alerts after 180.';

create function private.resolve_alert(p_alert_id uuid, p_now timestamptz default now())
returns void
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_org_id uuid := private.require_role('operator');
  v_alert public.alerts;
begin
  select * into v_alert from public.alerts a where a.id = p_alert_id and a.org_id = v_org_id for no key update;
  if v_alert.id is null then
    perform private.raise_error('PT404', 'not_found', 'No such alert.', jsonb_build_object('alert_id', p_alert_id));
  end if;
  if v_alert.resolved_at is null then
    update public.alerts a set resolved_at = p_now, resolved_by = auth.uid() where a.id = p_alert_id;
    perform private.record_audit_event(v_org_id, 'alert_resolved', null, v_alert.campaign_id, null,
      jsonb_build_object('alert_id', p_alert_id, 'kind', v_alert.kind, 'message', v_alert.message));
  end if;
end;
$$;
comment on function private.resolve_alert(uuid, timestamptz) is
  'Resolves an alert of the signed-in user''s organisation; one that is resolved stays as it is. Should its cause come back, so does the alert. Raises PT404. Definer: users may not write alerts. Needs operator.';
create function public.resolve_alert(p_alert_id uuid) returns void
  language sql set search_path = '' as $$ select private.resolve_alert(p_alert_id); $$;
comment on function public.resolve_alert(uuid) is 'Calls the private function of the same name, which checks role and organisation, at the time of the call.';
grant execute on function private.resolve_alert(uuid, timestamptz), public.resolve_alert(uuid) to authenticated;
