-- What is done for all organisations at once can be done for one alone too, and leaves out those for whom it rests.
-- See 20261128000300_work_failures.sql.

drop function private.start_scheduled(timestamptz);
create function private.start_scheduled(p_now timestamptz default now(), p_org_id uuid default null)
returns integer
language plpgsql
set search_path = ''
as $$
declare
  v_resting uuid[] := private.resting_orgs('start_scheduled', p_org_id, p_now);
  v_campaign record;
  v_obstacle record;
  v_count integer := 0;
begin
  for v_campaign in
    select c.id, c.org_id from public.campaigns c
    where c.status = 'scheduled' and c.scheduled_at <= p_now and (p_org_id is null or c.org_id = p_org_id) and c.org_id <> all (v_resting) order by c.id for no key update skip locked
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
comment on function private.start_scheduled(timestamptz, uuid) is
  'Starts scheduled campaigns whose time has come, and pauses, with an alert, those that may not send; returns how many it started. p_org_id: of that organisation alone; null: of all but those for which this work rests.';

drop function private.flag_stalled(timestamptz);
create function private.flag_stalled(p_now timestamptz default now(), p_org_id uuid default null)
returns integer
language plpgsql
set search_path = ''
as $$
declare
  v_resting uuid[] := private.resting_orgs('flag_stalled', p_org_id, p_now);
  v_row record;
  v_count integer := 0;
begin
  for v_row in
    select c.id, c.org_id, x.reason
    from public.campaigns c
    cross join lateral (
      select case
        when not exists (
          select 1 from public.campaign_templates ct join public.templates t on t.id = ct.template_id
          where ct.campaign_id = c.id and t.is_active
        ) then 'None of its templates is active. Activate one, or give the campaign another.'
        when not exists (select 1 from private.campaign_numbers(c.id) n where n.status = 'active')
          then 'None of its phone numbers is active. Activate one, or give the campaign another.'
      end as reason
    ) x
    where c.status = 'running' and (p_org_id is null or c.org_id = p_org_id) and c.org_id <> all (v_resting) and x.reason is distinct from c.needs_attention
    order by c.id for no key update of c skip locked
  loop
    v_count := v_count + 1;
    update public.campaigns set needs_attention = v_row.reason where id = v_row.id;
    if v_row.reason is null then
      update public.alerts set resolved_at = p_now where org_id = v_row.org_id and campaign_id = v_row.id and kind = 'campaign_stalled' and resolved_at is null;
    else
      perform private.raise_alert(v_row.org_id, 'campaign_stalled', 'critical', 'A running campaign cannot go on. ' || v_row.reason, v_row.id);
    end if;
  end loop;
  return v_count;
end;
$$;
comment on function private.flag_stalled(timestamptz, uuid) is
  'Says of running campaigns that have no active template or number left that they need attention, with an alert, and takes it back when they have; returns of how many. p_org_id: of that organisation alone; null: of all but those for which this work rests.';

drop function private.finish_campaigns(timestamptz);
create function private.finish_campaigns(p_now timestamptz default now(), p_org_id uuid default null)
returns integer
language plpgsql
set search_path = ''
as $$
declare
  v_resting uuid[] := private.resting_orgs('finish_campaigns', p_org_id, p_now);
  v_done uuid[];
  v_count integer;
begin
  -- skip locked: a campaign that is being claimed, paused or planned right now is looked at in the next tick.
  v_done := array(
    select c.id from public.campaigns c
    where c.status = 'running' and (p_org_id is null or c.org_id = p_org_id) and c.org_id <> all (v_resting)
      and not exists (select 1 from public.campaign_targets t where t.campaign_id = c.id and t.is_waiting)
      and not exists (select 1 from public.messages m where m.campaign_id = c.id and m.is_open and m.kind = 'campaign')
    order by c.id for no key update skip locked);
  -- Looked at again under the lock: a receipt may have made somebody wait again since the first statement began.
  update public.campaigns c set status = 'completed', finished_at = p_now, needs_attention = null
  where c.id = any (v_done)
    and not exists (
      select 1 from public.campaign_targets t
      where t.org_id = c.org_id and t.campaign_id = c.id and t.state in ('waiting', 'queued', 'sending'));
  get diagnostics v_count = row_count;
  return v_count;
end;
$$;
comment on function private.finish_campaigns(timestamptz, uuid) is
  'Completes running campaigns with nothing waiting, queued or sending; returns how many. p_org_id: of that organisation alone; null: of all but those for which this work rests.';

drop function private.fold_stats(timestamptz, interval);
create function private.fold_stats(p_now timestamptz default now(), p_apart interval default '0', p_org_id uuid default null)
returns integer
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_resting uuid[] := private.resting_orgs('fold_stats', p_org_id, p_now);
  v_count integer;
begin
  if not exists (select 1 from private.campaign_deltas) then
    return 0;
  end if;
  with taken as (
    delete from private.campaign_deltas d
    where (p_org_id is null or d.org_id = p_org_id) and d.org_id <> all (v_resting) and (p_apart = '0' or not exists (
      select 1 from public.campaign_stats s where s.campaign_id = d.campaign_id and s.updated_at > p_now - p_apart))
    returning d.*
  ),
  sums as (
    select t.campaign_id, sum(t.audience) as audience, sum(t.excluded) as excluded, sum(t.canceled) as canceled, sum(t.waiting) as waiting,
      sum(t.queued) as queued, sum(t.sending) as sending, sum(t.unknown) as unknown, sum(t.sent) as sent, sum(t.failed) as failed,
      sum(t.delivered) as delivered, sum(t.undelivered) as undelivered, sum(t.replies) as replies, sum(t.opt_outs) as opt_outs, sum(t.segments) as segments
    from taken t group by t.campaign_id
  )
  update public.campaign_stats s
  set audience = s.audience + x.audience, excluded = s.excluded + x.excluded, canceled = s.canceled + x.canceled, waiting = s.waiting + x.waiting,
      queued = s.queued + x.queued, sending = s.sending + x.sending, unknown = s.unknown + x.unknown, sent = s.sent + x.sent, failed = s.failed + x.failed,
      delivered = s.delivered + x.delivered, undelivered = s.undelivered + x.undelivered, replies = s.replies + x.replies,
      opt_outs = s.opt_outs + x.opt_outs, segments = s.segments + x.segments, updated_at = p_now
  from sums x where s.campaign_id = x.campaign_id;
  get diagnostics v_count = row_count;
  return v_count;
end;
$$;
comment on function private.fold_stats(timestamptz, interval, uuid) is
  'Adds the appended deltas to campaign_stats, leaving those of campaigns that were folded less than p_apart ago for later; returns how many campaigns changed. Definer: cron''s role may not write the table. p_org_id: of that organisation alone; null: of all but those for which this work rests.';

drop function private.fold_accepted();
create function private.fold_accepted(p_org_id uuid default null)
returns integer
language plpgsql
set search_path = ''
as $$
declare
  v_resting uuid[] := private.resting_orgs('fold_accepted', p_org_id, now());
  v_count integer;
begin
  with taken as (
    delete from private.accepted_deltas d where (p_org_id is null or d.org_id = p_org_id) and d.org_id <> all (v_resting) returning d.*
  ),
  traffic as (
    insert into private.number_traffic as t (phone_number_id, bin, sent)
    select n.id, date_bin('5 minutes', d.accepted_at, timestamptz '2000-01-01'), sum(d.messages)
    from taken d join public.phone_numbers n on n.id = d.phone_number_id
    group by 1, 2 order by 1, 2
    on conflict (phone_number_id, bin) do update set sent = t.sent + excluded.sent
    returning 1
  ),
  spending as (
    insert into public.daily_spending as s (org_id, day, messages, segments, cost)
    select o.id, (d.accepted_at at time zone o.time_zone)::date, sum(d.messages), sum(d.segments), sum(d.cost)
    from taken d join public.orgs o on o.id = d.org_id
    group by 1, 2 order by 1, 2
    on conflict (org_id, day) do update
      set messages = s.messages + excluded.messages, segments = s.segments + excluded.segments, cost = s.cost + excluded.cost
    returning 1
  )
  select count(*) into v_count from spending;
  return v_count;
end;
$$;
comment on function private.fold_accepted(uuid) is
  'Adds what was accepted to daily_spending and number_traffic, in one transaction; returns how many days of organisations changed. p_org_id: of that organisation alone; null: of all but those for which this work rests.';

drop function private.mark_campaigns(timestamptz);
create function private.mark_campaigns(p_now timestamptz default now(), p_org_id uuid default null)
returns integer
language sql
set search_path = ''
as $$
  select count(private.mark_campaign(c.id, p_now))::integer
  from public.campaigns c
  where c.status = 'running' and (p_org_id is null or c.org_id = p_org_id)
    and c.org_id <> all ((select private.resting_orgs('mark_campaigns', p_org_id, p_now))::uuid[])
    and not exists (
      select 1 from private.campaign_marks m where m.campaign_id = c.id and m.taken_at > p_now - interval '15 minutes' and m.taken_at <= p_now);
$$;
comment on function private.mark_campaigns(timestamptz, uuid) is
  'Takes down the figures of running campaigns that have not been for a quarter of an hour; returns of how many. p_org_id: of that organisation alone; null: of all but those for which this work rests.';

drop function private.flag_stuck_builds(timestamptz);
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
  -- A chunk takes seconds and stamps the campaign; after ten minutes without one, building fails each time it is tried.
  for v_row in
    select c.id, c.org_id, c.name from public.campaigns c
    where c.status = 'building' and (p_org_id is null or c.org_id = p_org_id) and c.org_id <> all (v_resting) and c.needs_attention is null and c.updated_at < p_now - interval '10 minutes'
    order by c.id for no key update skip locked
  loop
    v_count := v_count + 1;
    update public.campaigns set needs_attention = 'Its audience has not been built on for 10 minutes. Stop it and build another, or see the worker''s log.'
    where id = v_row.id;
    perform private.raise_alert(v_row.org_id, 'build_stuck', 'critical',
      format('The audience of campaign "%s" has not been built on for 10 minutes.', v_row.name), v_row.id);
  end loop;
  update public.campaigns c set needs_attention = null
  where c.status in ('ready', 'draft') and (p_org_id is null or c.org_id = p_org_id) and c.org_id <> all (v_resting) and c.needs_attention is not null
    and exists (select 1 from public.alerts a where a.org_id = c.org_id and a.campaign_id = c.id and a.kind = 'build_stuck' and a.resolved_at is null);
  return v_count;
end;
$$;
comment on function private.flag_stuck_builds(timestamptz, uuid) is
  'Says of campaigns whose audience is not being built on that they need attention, with an alert; returns of how many. p_org_id: of that organisation alone; null: of all but those for which this work rests.';

drop function private.resolve_alerts(timestamptz);
create function private.resolve_alerts(p_now timestamptz default now(), p_org_id uuid default null)
returns integer
language plpgsql
set search_path = ''
as $$
declare
  v_resting uuid[] := private.resting_orgs('resolve_alerts', p_org_id, p_now);
  v_count integer;
begin
  -- Open alerts are few, and found by the index that keeps each kind open once.
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
    when 'build_failed' then not exists (
      select 1 from public.campaigns c where c.id = a.campaign_id and c.status = 'draft' and c.needs_attention is not null)
    else false
  end;
  get diagnostics v_count = row_count;
  return v_count;
end;
$$;
comment on function private.resolve_alerts(timestamptz, uuid) is
  'Resolves alerts whose cause is gone; returns how many. What only a person can settle (a message refused as malformed, a double send, figures that were repaired) stays open. p_org_id: of that organisation alone; null: of all but those for which this work rests.';

drop function private.rescue_sends(timestamptz, integer);
create function private.rescue_sends(p_now timestamptz default now(), p_limit integer default 1000, p_org_id uuid default null)
returns integer
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_resting uuid[] := private.resting_orgs('rescue', p_org_id, p_now);
  v_targets uuid[];
  v_messages uuid[];
  v_attempts uuid[];
  v_lost uuid[];
  v_row record;
  v_dead integer := 0;
begin
  -- Half an hour is twice what two looks take: Twilio can't be asked (no account, a refused token, an outage), which is told.
  -- First, while nothing else is locked: what follows takes only what nobody holds.
  for v_row in
    select m.id
    from public.send_attempts a join public.messages m on m.id = a.message_id and m.attempt_id = a.id
    where a.next_look_at is not null and a.outcome = 'unknown' and a.claimed_at < p_now - interval '30 minutes'
      and m.status = 'unknown' and m.needs_attention is null and (p_org_id is null or a.org_id = p_org_id) and a.org_id <> all (v_resting)
    order by m.campaign_target_id, m.id limit p_limit
  loop
    perform private.ask_a_person(v_row.id,
      'For half an hour Twilio could not be asked whether it sent this message. It is asked again every two minutes.', p_now);
  end loop;

  -- A worker answers for its attempt within 1 s of slot + 15 s of time-out; after 60 s it is dead.
  select array_agg(a.id), array_agg(a.message_id) into v_attempts, v_messages from (
    select x.id, x.message_id from public.messages m join public.send_attempts x on x.id = m.attempt_id
    where m.is_open and m.status = 'sending' and (p_org_id is null or m.org_id = p_org_id) and m.org_id <> all (v_resting) and x.outcome = 'open' and x.claimed_at < p_now - interval '60 seconds'
    order by x.claimed_at limit p_limit) a;
  if v_attempts is not null then
    -- What somebody holds is being settled after all: it is left alone, or found again in 30 s.
    v_targets := array(
      select t.id from public.campaign_targets t
      where t.id in (select m.campaign_target_id from public.messages m where m.id = any (v_messages))
      order by t.id for no key update skip locked);
    v_messages := array(
      select m.id from public.messages m
      where m.id = any (v_messages) and (m.campaign_target_id is null or m.campaign_target_id = any (v_targets))
      order by m.id for no key update skip locked);
    update public.send_attempts a
    set outcome = 'unknown', settled_at = p_now, next_look_at = p_now, error_message = 'the worker died before it settled'
    where a.id = any (v_attempts) and a.message_id = any (v_messages) and a.outcome = 'open';
    get diagnostics v_dead = row_count;
    update public.messages m set status = 'unknown', updated_at = p_now
    where m.id = any (v_messages) and m.status = 'sending' and m.attempt_id = any (v_attempts);
    update public.campaign_targets t set state = 'unknown', updated_at = p_now
    from public.messages m where t.id = m.campaign_target_id and t.message_id = m.id and m.id = any (v_messages) and m.status = 'unknown' and t.state = 'sending';
  end if;

  -- A queued message without a queue row: it was deleted by a claim that was rolled back with its server, or never came back.
  v_lost := array(
    select m.id from public.messages m
    where m.is_open and m.status = 'queued' and (p_org_id is null or m.org_id = p_org_id) and m.org_id <> all (v_resting) and m.queued_at < p_now - interval '30 seconds' and m.updated_at < p_now - interval '30 seconds'
      and not exists (select 1 from private.queued_message_ids() q where q = m.id)
    order by m.queued_at limit p_limit);
  perform private.put_back('sends', array(select m.id from public.messages m where m.id = any (v_lost) and m.kind = 'campaign'), 0);
  perform private.put_back('replies', array(select m.id from public.messages m where m.id = any (v_lost) and m.kind <> 'campaign'), 0);
  return v_dead + cardinality(v_lost);
end;
$$;
comment on function private.rescue_sends(timestamptz, integer, uuid) is
  'Turns attempts of dead workers into unknown, queues messages again that lost their queue row (returns how many of both), and tells of sends about which Twilio can''t be asked. Definer: cron''s role may not write these tables. p_org_id: of that organisation alone; null: of all but those for which this work rests.';

drop function private.check_figures(timestamptz, integer);
create function private.check_figures(p_now timestamptz default now(), p_rows integer default 200000, p_org_id uuid default null)
returns integer
language plpgsql
set search_path = ''
as $$
declare
  v_resting uuid[] := private.resting_orgs('check_figures', p_org_id, p_now);
  v_row record;
  v_left bigint := p_rows;
  v_wrong integer := 0;
begin
  -- Longest unchecked first, and no more targets than are counted in about a second (7 us each when none is in memory); a campaign larger than that has a run of its own.
  for v_row in
    select c.id, s.audience
    from public.campaigns c
    join public.campaign_stats s on s.campaign_id = c.id
    left join private.figure_checks f on f.campaign_id = c.id
    where c.status not in ('draft', 'building') and (p_org_id is null or c.org_id = p_org_id) and c.org_id <> all (v_resting)
      and (f.checked_at is null or f.checked_at <= p_now - case c.status when 'running' then interval '1 minute' else interval '1 hour' end)
    order by f.checked_at nulls first, c.id
    limit 1000
  loop
    exit when v_left < p_rows and v_row.audience > v_left;
    v_left := v_left - greatest(v_row.audience, 0);
    if not private.check_campaign_figures(v_row.id, p_now) then
      v_wrong := v_wrong + 1;
    end if;
    exit when v_left <= 0;
  end loop;
  return v_wrong;
end;
$$;
comment on function private.check_figures(timestamptz, integer, uuid) is
  'Checks the figures of running campaigns every minute and of all others every hour, up to p_rows targets a call; returns how many campaigns were wrong and were mended. p_org_id: of that organisation alone; null: of all but those for which this work rests.';

drop function private.fold_lead_activity(integer);
create function private.fold_lead_activity(p_limit integer default 20000, p_org_id uuid default null)
returns integer
language plpgsql
set search_path = ''
as $$
declare
  v_resting uuid[] := private.resting_orgs('fold_activity', p_org_id, now());
  v_count integer;
begin
  -- One at a time: two folds would wait for each other's leads.
  if not pg_try_advisory_xact_lock(hashtextextended('fold lead activity', 0)) then
    return 0;
  end if;
  perform private.set_lead_cause('sent');
  with locked as materialized (
    -- In the order in which everybody locks leads. Whoever is being changed by somebody else waits for the next fold.
    select l.id, l.status, l.first_contacted_at from public.leads l
    where l.id in (select x.lead_id from (select s.lead_id from private.sent_leads s where (p_org_id is null or s.org_id = p_org_id) and s.org_id <> all (v_resting) limit p_limit) x)
    order by l.id for no key update skip locked
  ),
  taken as materialized (
    delete from private.sent_leads s
    where s.ctid = any (array(select x.ctid from private.sent_leads x where (p_org_id is null or x.org_id = p_org_id) and x.org_id <> all (v_resting) limit p_limit))
      and (s.lead_id in (select k.id from locked k) or not exists (select from public.leads l where l.id = s.lead_id))
    returning s.org_id, s.lead_id, s.sent_at
  ),
  sent as materialized (
    select t.org_id, t.lead_id, min(t.sent_at) as first_at, max(t.sent_at) as last_at
    from taken t join locked k on k.id = t.lead_id
    group by t.org_id, t.lead_id
  ),
  firsts as (
    update public.leads l
    set first_contacted_at = coalesce(l.first_contacted_at, s.first_at),
        status = case when l.status = 'new' and not private.is_chosen(l.id, 'status') then 'contacted' else l.status end
    from sent s
    where l.id = s.lead_id and (l.first_contacted_at is null or l.status = 'new' and not private.is_chosen(l.id, 'status'))
  ),
  folded as (
    insert into private.lead_activity as a (lead_id, org_id, last_contacted_at)
    select s.lead_id, s.org_id, s.last_at from sent s order by s.lead_id
    on conflict (lead_id) do update set last_contacted_at = greatest(a.last_contacted_at, excluded.last_contacted_at)
  )
  select count(*) into v_count from sent;
  perform private.set_lead_cause(null);
  return v_count;
end;
$$;
comment on function private.fold_lead_activity(integer, uuid) is
  'Takes up to p_limit lines of sent_leads: writes when each lead was last contacted, and of those written to for the first time first_contacted_at and status contacted, if it was new and no person had it so. Returns of how many leads. p_org_id: of that organisation alone; null: of all but those for which this work rests.';

drop function private.fold_lead_counts(integer);
create function private.fold_lead_counts(p_limit integer default 50000, p_org_id uuid default null)
returns integer
language plpgsql
set search_path = ''
as $$
declare
  v_resting uuid[] := private.resting_orgs('fold_counts', p_org_id, now());
  v_count integer;
begin
  -- One at a time: two folds would wait for each other's figures.
  if not pg_try_advisory_xact_lock(hashtextextended('fold lead counts', 0)) then
    return 0;
  end if;
  with taken as (
    delete from private.lead_count_deltas d
    where d.ctid = any (array(select x.ctid from private.lead_count_deltas x where (p_org_id is null or x.org_id = p_org_id) and x.org_id <> all (v_resting) limit p_limit))
    returning d.org_id, d.dimension, d.value, d.change
  ),
  folded as (
    insert into private.lead_counts as c (org_id, dimension, value, count)
    select t.org_id, t.dimension, t.value, sum(t.change)
    from taken t join public.orgs o on o.id = t.org_id
    group by 1, 2, 3 having sum(t.change) <> 0
    on conflict (org_id, dimension, value) do update set count = c.count + excluded.count
  )
  select count(*) into v_count from taken;
  if v_count > 0 then
    delete from private.lead_counts c where c.count = 0;
  end if;
  return v_count;
end;
$$;
comment on function private.fold_lead_counts(integer, uuid) is
  'Adds up to p_limit changes up in lead_counts; returns how many. p_org_id: of that organisation alone; null: of all but those for which this work rests.';

drop function private.wake_call_lanes(uuid, timestamptz);
create function private.wake_call_lanes(p_lane_id uuid default null, p_now timestamptz default now(), p_org_id uuid default null)
returns integer
language plpgsql
set search_path = ''
as $$
declare
  v_resting uuid[] := private.resting_orgs('wake_lanes', p_org_id, p_now);
  v_lane private.call_lanes;
  v_count integer := 0;
  v_has_message boolean;
begin
  for v_lane in
    select l.* from private.call_lanes l
    where (p_lane_id is null or l.id = p_lane_id) and (p_org_id is null or l.org_id = p_org_id) and l.org_id <> all (v_resting) and private.has_due_calls(l.id, p_now) and private.lane_room(l, p_now) > 0
    order by l.id for no key update skip locked
  loop
    -- As many messages as lanes at most: to look through them all is cheap.
    execute format('select exists (select 1 from pgmq.q_%s m where m.message ->> ''lane_id'' = $1)', v_lane.queue)
    into v_has_message using v_lane.id::text;
    if not v_has_message then
      perform pgmq.send(v_lane.queue, jsonb_build_object('lane_id', v_lane.id));
      v_count := v_count + 1;
    end if;
  end loop;
  return v_count;
end;
$$;
comment on function private.wake_call_lanes(uuid, timestamptz, uuid) is
  'Queues a message for each lane (or the one given) that has a call to make, may make it, and has no message yet; returns how many. Whoever holds a lane queues its message themselves. p_org_id: of that organisation alone; null: of all but those for which this work rests.';

drop function private.queue_stale_scrubs(timestamptz, integer);
create function private.queue_stale_scrubs(p_now timestamptz default now(), p_limit integer default 5000, p_org_id uuid default null)
returns integer
language plpgsql
set search_path = ''
as $$
declare
  v_resting uuid[] := private.resting_orgs('rescrub', p_org_id, p_now);
  v_service record;
  v_count integer := 0;
begin
  for v_service in select s.id from public.enrichment_services s where s.kind = 'scrub' and s.is_enabled and (p_org_id is null or s.org_id = p_org_id) and s.org_id <> all (v_resting) order by s.id loop
    v_count := v_count + private.queue_calls(v_service.id, array(
      select x.e164 from public.phone_scrubs x
      where x.service_id = v_service.id and x.hit is null and x.scrubbed_at <= p_now - interval '30 days'
        and not exists (
          select 1 from private.outside_calls c join private.call_lanes l on l.id = c.lane_id
          where l.service_id = v_service.id and c.subject = x.e164)
        and exists (
          select 1 from public.lead_phones p join public.leads l on l.id = p.lead_id and l.deleted_at is null
          where p.org_id = x.org_id and p.e164 = x.e164 and p.is_valid)
      order by x.scrubbed_at limit p_limit), false, p_now);
  end loop;
  return v_count;
end;
$$;
comment on function private.queue_stale_scrubs(timestamptz, integer, uuid) is
  'Has services asked again about phones that they told of 30 days ago, for as long as a lead has them: what is older than 31 days counts no more. Returns how many. p_org_id: of that organisation alone; null: of all but those for which this work rests.';

drop function private.prune(timestamptz, integer);
create function private.prune(p_now timestamptz default now(), p_limit integer default 10000, p_org_id uuid default null)
returns void
language plpgsql
set search_path = ''
as $$
declare
  v_resting uuid[] := private.resting_orgs('prune', p_org_id, p_now);
begin
  -- Bounded batches: a long delete would hold back vacuum for every queue.
  delete from public.message_status_events e where e.id in (
    select x.id from public.message_status_events x where x.created_at < p_now - interval '90 days' and (p_org_id is null or x.org_id = p_org_id) and x.org_id <> all (v_resting) order by x.id limit p_limit);
  delete from public.webhook_logs e where e.id in (
    select x.id from public.webhook_logs x where x.created_at < p_now - interval '30 days'
      and (p_org_id is null or x.org_id = p_org_id) and coalesce(x.org_id <> all (v_resting), true) order by x.id limit p_limit);
  delete from private.windows w where w.valid_to < p_now - interval '1 day' and (p_org_id is null or w.org_id = p_org_id) and w.org_id <> all (v_resting);
  -- Nobody's own: with the call for all.
  if p_org_id is not null then
    return;
  end if;
  delete from private.daily_usage u where u.day < (p_now - interval '90 days')::date;
  delete from cron.job_run_details d where d.end_time < p_now - interval '1 day';
end;
$$;
comment on function private.prune(timestamptz, integer, uuid) is
  'Removes what outlived its use: raw receipts after 90 days, refused webhooks after 30, cron history after one. Finished queue rows are deleted when read; net history has its own 6 hours. p_org_id: of that organisation alone; null: of all but those for which this work rests.';

drop function private.prune_guard(timestamptz, integer);
create function private.prune_guard(p_now timestamptz default now(), p_limit integer default 10000, p_org_id uuid default null)
returns void
language plpgsql
set search_path = ''
as $$
declare
  v_resting uuid[] := private.resting_orgs('prune_guard', p_org_id, p_now);
begin
  -- Nobody's own: with the call for all.
  if p_org_id is null then
    delete from private.number_traffic t where t.bin < p_now - interval '25 hours';
    delete from private.unclear_sends u where u.attempt_id in (
      select x.attempt_id from private.unclear_sends x where x.unclear_at < p_now - interval '25 hours' limit p_limit);
  end if;
  -- The newest mark of a day ago is what the last 24 hours are reckoned from.
  delete from private.campaign_marks m using public.campaigns c
  where c.id = m.campaign_id and (p_org_id is null or c.org_id = p_org_id) and c.org_id <> all (v_resting)
    and m.taken_at < p_now - interval '24 hours' and exists (
    select 1 from private.campaign_marks k
    where k.campaign_id = m.campaign_id and k.taken_at > m.taken_at and k.taken_at <= p_now - interval '24 hours');
  delete from private.campaign_marks m using public.campaigns c
  where c.id = m.campaign_id and (p_org_id is null or c.org_id = p_org_id) and c.org_id <> all (v_resting) and c.finished_at < p_now - interval '25 hours';
  delete from public.alerts a where a.id in (
    select x.id from public.alerts x where x.resolved_at < p_now - interval '180 days' and (p_org_id is null or x.org_id = p_org_id) and x.org_id <> all (v_resting) order by x.id limit p_limit);
end;
$$;
comment on function private.prune_guard(timestamptz, integer, uuid) is
  'Removes what the guard needs no longer: traffic of numbers, unclear sends and marks of campaigns after a day, resolved alerts after 180. p_org_id: of that organisation alone; null: of all but those for which this work rests.';

drop function private.prune_imports(timestamptz, integer);
create function private.prune_imports(p_now timestamptz default now(), p_limit integer default 10000, p_org_id uuid default null)
returns void
language sql
set search_path = ''
as $$
  delete from private.import_changes j where (j.import_id, j.lead_id) in (
    select x.import_id, x.lead_id
    from private.import_changes x join public.imports i on i.id = x.import_id
    where x.created_at < p_now - interval '90 days' and i.status <> 'undoing'
      and (p_org_id is null or i.org_id = p_org_id) and i.org_id <> all ((select private.resting_orgs('prune_imports', p_org_id, p_now))::uuid[])
    order by x.created_at limit p_limit);
$$;
comment on function private.prune_imports(timestamptz, integer, uuid) is
  'Forgets what leads were before imports of more than 90 days ago, up to p_limit leads: those can no longer be undone. p_org_id: of that organisation alone; null: of all but those for which this work rests.';

drop function private.prune_jobs(timestamptz, integer);
create function private.prune_jobs(p_now timestamptz default now(), p_limit integer default 1000, p_org_id uuid default null)
returns integer
language plpgsql
set search_path = ''
as $$
declare
  v_resting uuid[] := private.resting_orgs('prune_jobs', p_org_id, p_now);
  v_count integer;
begin
  -- A hundred journal rows for each job: one of a million leads goes in ten hours.
  delete from private.bulk_changes c where (c.job_id, c.lead_id) in (
    select x.job_id, x.lead_id from public.jobs j join private.bulk_changes x on x.job_id = j.id
    where j.finished_at < p_now - interval '30 days' and (p_org_id is null or j.org_id = p_org_id) and j.org_id <> all (v_resting) limit p_limit * 100);
  delete from public.jobs j where j.id in (
    select x.id from public.jobs x where x.finished_at < p_now - interval '90 days' and (p_org_id is null or x.org_id = p_org_id) and x.org_id <> all (v_resting) order by x.finished_at limit p_limit);
  get diagnostics v_count = row_count;
  return v_count;
end;
$$;
comment on function private.prune_jobs(timestamptz, integer, uuid) is
  'Removes the journals of bulk actions 30 days after their end, and jobs 90 days after theirs, p_limit jobs at most; returns how many jobs. p_org_id: of that organisation alone; null: of all but those for which this work rests.';

drop function private.prune_lead_events(timestamptz, integer);
create function private.prune_lead_events(p_now timestamptz default now(), p_limit integer default 50000, p_org_id uuid default null)
returns integer
language plpgsql
set search_path = ''
as $$
declare
  v_resting uuid[] := private.resting_orgs('prune_events', p_org_id, p_now);
  v_count integer;
begin
  delete from public.lead_events e where e.id in (
    select x.id from public.lead_events x where x.created_at < p_now - interval '2 years' and (p_org_id is null or x.org_id = p_org_id) and x.org_id <> all (v_resting) order by x.created_at limit p_limit);
  get diagnostics v_count = row_count;
  return v_count;
end;
$$;
comment on function private.prune_lead_events(timestamptz, integer, uuid) is
  'Removes events older than two years, a bounded batch; returns how many. p_org_id: of that organisation alone; null: of all but those for which this work rests.';

drop function private.prune_outside_calls(timestamptz, integer);
create function private.prune_outside_calls(p_now timestamptz default now(), p_limit integer default 10000, p_org_id uuid default null)
returns void
language sql
set search_path = ''
as $$
  delete from private.outside_calls c
  where (c.lane_id, c.subject) in (
    select x.lane_id, x.subject from private.outside_calls x join private.call_lanes l on l.id = x.lane_id
    where x.given_up_at < p_now - interval '90 days' and (p_org_id is null or l.org_id = p_org_id) and l.org_id <> all ((select private.resting_orgs('prune_calls', p_org_id, p_now))::uuid[]) limit p_limit);
$$;
comment on function private.prune_outside_calls(timestamptz, integer, uuid) is
  'Forgets what was given up 90 days ago. p_org_id: of that organisation alone; null: of all but those for which this work rests.';

drop function private.prune_enrichment(timestamptz, integer);
create function private.prune_enrichment(p_now timestamptz default now(), p_limit integer default 10000, p_org_id uuid default null)
returns void
language sql
set search_path = ''
as $$
  delete from public.enrichment_answers a where a.id in (
    select x.id from public.enrichment_answers x where x.received_at < p_now - interval '90 days' and (p_org_id is null or x.org_id = p_org_id) and x.org_id <> all ((select private.resting_orgs('prune_enrichment', p_org_id, p_now))::uuid[]) order by x.received_at limit p_limit);
$$;
comment on function private.prune_enrichment(timestamptz, integer, uuid) is
  'Removes what services answered 90 days ago. p_org_id: of that organisation alone; null: of all but those for which this work rests.';

drop function private.prune_import_uploads(timestamptz);
create function private.prune_import_uploads(p_now timestamptz default now(), p_org_id uuid default null)
returns integer
language plpgsql
set search_path = ''
as $$
declare
  v_resting uuid[] := private.resting_orgs('prune_uploads', p_org_id, p_now);
  v_count integer;
begin
  delete from public.import_uploads u where u.created_at < p_now - interval '1 day' and (p_org_id is null or u.org_id = p_org_id) and u.org_id <> all (v_resting);
  get diagnostics v_count = row_count;
  return v_count;
end;
$$;
comment on function private.prune_import_uploads(timestamptz, uuid) is
  'Forgets uploads a day old, imported or not; returns how many. Their files are stale_import_files. p_org_id: of that organisation alone; null: of all but those for which this work rests.';
