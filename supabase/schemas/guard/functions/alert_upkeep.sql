-- Alerts: raising them for builds that are stuck, resolving them when their cause ends, and deleting old data of the guard.

create function private.flag_stuck_builds(p_now timestamptz default now(), p_org_id uuid default null)
returns integer
language plpgsql
set search_path = ''
as $$
declare
  v_resting uuid[] := private.resting_orgs('flag_builds', p_org_id, p_now);
  v_row record;
  v_count integer := 0;
begin
  -- A chunk takes seconds and sets updated_at of the campaign. After ten minutes without a chunk, building fails with every try.
  for v_row in
    select c.id, c.org_id, c.name from public.campaigns c
    where c.status = 'building' and (p_org_id is null or c.org_id = p_org_id) and c.org_id <> all (v_resting)
      and c.needs_attention is null and c.updated_at < p_now - interval '10 minutes'
    order by c.id for no key update skip locked
  loop
    v_count := v_count + 1;
    update public.campaigns set needs_attention =
      'Building its audience has made no progress for 10 minutes. Stop it and build again, or see the worker''s log.'
    where id = v_row.id;
    perform private.raise_alert(v_row.org_id, 'build_stuck', 'critical',
      format('Building the audience of campaign "%s" has made no progress for 10 minutes.', v_row.name), v_row.id);
  end loop;
  update public.campaigns c set needs_attention = null
  where c.status in ('ready', 'draft') and (p_org_id is null or c.org_id = p_org_id) and c.org_id <> all (v_resting)
    and c.needs_attention is not null
    and exists (select 1 from public.alerts a where a.org_id = c.org_id and a.campaign_id = c.id and a.kind = 'build_stuck'
      and a.resolved_at is null);
  return v_count;
end;
$$;
comment on function private.flag_stuck_builds(timestamptz, uuid) is
  'Marks campaigns whose building makes no progress as needing attention, and raises an alert for each; returns how many. '
  'p_org_id: only this organisation; null: all except those for which this work is resting.';

create function private.resolve_alerts(p_now timestamptz default now(), p_org_id uuid default null)
returns integer
language plpgsql
set search_path = ''
as $$
declare
  v_resting uuid[] := private.resting_orgs('resolve_alerts', p_org_id, p_now);
  v_count integer;
begin
  -- There are few open alerts, and the unique index on open alerts finds them.
  update public.alerts a set resolved_at = p_now
  where a.resolved_at is null and (p_org_id is null or a.org_id = p_org_id) and a.org_id <> all (v_resting) and case a.kind
    when 'campaign_paused' then a.campaign_id is not null and not exists (
      select 1 from public.campaigns c where c.id = a.campaign_id and c.status = 'paused')
    when 'breaker_tripped' then not exists (select 1 from public.campaigns c where c.id = a.campaign_id and c.status = 'paused')
    when 'start_refused' then not exists (select 1 from public.campaigns c where c.id = a.campaign_id and c.status = 'paused')
    when 'campaign_stalled' then not exists (
      select 1 from public.campaigns c where c.id = a.campaign_id and c.status = 'running' and c.needs_attention is not null)
    when 'build_stuck' then not exists (
      select 1 from public.campaigns c where c.id = a.campaign_id and c.status = 'building' and c.needs_attention is not null)
    when 'quiet_hours_override_refused' then not exists (
      select 1 from public.campaigns c where c.id = a.campaign_id and c.quiet_hours_override
        and c.status in ('running', 'paused'))
    when 'number_quarantined' then not exists (
      select 1 from public.phone_numbers n where n.id = a.phone_number_id and n.status = 'quarantined')
    when 'number_queue_full' then not exists (
      select 1 from private.number_pace p where p.phone_number_id = a.phone_number_id and p.resting_until > p_now)
    when 'account_daily_limit' then not exists (
      select 1 from private.org_pace p where p.org_id = a.org_id and p.resting_until > p_now)
    when 'region_not_permitted' then not exists (
      select 1 from private.org_pace p where p.org_id = a.org_id and p.blocked_regions <> '{}')
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
    when 'build_failed' then not exists (
      select 1 from public.campaigns c where c.id = a.campaign_id and c.status = 'draft' and c.needs_attention is not null)
    else false
  end;
  get diagnostics v_count = row_count;
  return v_count;
end;
$$;
comment on function private.resolve_alerts(timestamptz, uuid) is
  'Resolves alerts whose cause has ended; returns how many. Alerts that only a person can settle (a message refused as '
  'malformed, a double send, figures that were repaired) stay open. p_org_id: only this organisation; null: all except those for '
  'which this work is resting.';

create function private.prune_guard(p_now timestamptz default now(), p_limit integer default 10000, p_org_id uuid default null)
returns void
language plpgsql
set search_path = ''
as $$
declare
  v_resting uuid[] := private.resting_orgs('prune_guard', p_org_id, p_now);
begin
  -- These tables have no organisation, so only the call for all organisations deletes their rows.
  if p_org_id is null then
    delete from private.number_traffic t where t.bin < p_now - interval '25 hours';
    delete from private.unclear_sends u where u.attempt_id in (
      select x.attempt_id from private.unclear_sends x where x.unclear_at < p_now - interval '25 hours' limit p_limit);
  end if;
  -- Keeps the newest mark that is at least a day old, because the last 24 hours are counted from it.
  delete from private.campaign_marks m using public.campaigns c
  where c.id = m.campaign_id and (p_org_id is null or c.org_id = p_org_id) and c.org_id <> all (v_resting)
    and m.taken_at < p_now - interval '24 hours' and exists (
    select 1 from private.campaign_marks k
    where k.campaign_id = m.campaign_id and k.taken_at > m.taken_at and k.taken_at <= p_now - interval '24 hours');
  delete from private.campaign_marks m using public.campaigns c
  where c.id = m.campaign_id and (p_org_id is null or c.org_id = p_org_id) and c.org_id <> all (v_resting)
    and c.finished_at < p_now - interval '25 hours';
  delete from public.alerts a where a.id in (
    select x.id from public.alerts x where x.resolved_at < p_now - interval '180 days'
      and (p_org_id is null or x.org_id = p_org_id) and x.org_id <> all (v_resting) order by x.id limit p_limit);
end;
$$;
comment on function private.prune_guard(timestamptz, integer, uuid) is
  'Deletes data that the guard no longer needs: traffic of numbers, unclear sends and marks of campaigns after a day, resolved '
  'alerts after 180 days. p_org_id: only this organisation; null: all except those for which this work is resting.';
