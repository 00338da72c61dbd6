-- Parts of the tasks that the ticks do: starting scheduled campaigns, flagging stalled ones, completing finished ones; and the
-- pruning of old rows by a cron job. A call of the workers may be lost; the next tick then does its work.

create function private.start_scheduled(p_now timestamptz default now(), p_org_id uuid default null)
returns integer
language plpgsql
set search_path = ''
as $$
declare
  v_resting uuid[] := private.resting_orgs('start_scheduled', p_org_id, p_now);
  v_until timestamptz := clock_timestamp() + interval '1 second';
  v_campaign record;
  v_obstacle record;
  v_count integer := 0;
begin
  -- The first campaign of each organisation before the second of any. Locked campaigns are left for the next tick, so that this
  -- order can't deadlock.
  for v_campaign in
    select c.id, c.org_id
    from (
      select x.id, row_number() over (partition by x.org_id order by x.scheduled_at, x.id) as n
      from public.campaigns x
      where x.status = 'scheduled' and x.scheduled_at <= p_now and (p_org_id is null or x.org_id = p_org_id)
        and x.org_id <> all (v_resting)
    ) d
    join public.campaigns c on c.id = d.id
    where c.status = 'scheduled' and c.scheduled_at <= p_now
    order by d.n, c.id for no key update of c skip locked
  loop
    select * into v_obstacle from private.start_obstacle(v_campaign.id, p_now);
    if v_obstacle.code is null then
      update public.campaigns c set status = 'running', started_at = p_now where c.id = v_campaign.id;
      perform private.hasten_account_check(v_campaign.org_id);
      v_count := v_count + 1;
    else
      update public.campaigns c
      set status = 'paused', started_at = p_now, paused_at = p_now, status_reason = v_obstacle.message,
        needs_attention = v_obstacle.message
      where c.id = v_campaign.id;
      perform private.raise_alert(v_campaign.org_id, 'start_refused', 'critical',
        'A scheduled campaign could not start. ' || v_obstacle.message, v_campaign.id, null,
        v_obstacle.details || jsonb_build_object('code', v_obstacle.code));
    end if;
    exit when clock_timestamp() > v_until;
  end loop;
  return v_count;
end;
$$;
comment on function private.start_scheduled(timestamptz, uuid) is
  'Starts scheduled campaigns whose time has come, and pauses those that may not send, with an alert. Takes a second at most; '
  'the next call continues. The first campaign of each organisation comes before the second of any. Returns how many it started. '
  'p_org_id: only this organisation; null: all except those for which this work is resting.';

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
    where c.status = 'running' and (p_org_id is null or c.org_id = p_org_id) and c.org_id <> all (v_resting)
      and x.reason is distinct from c.needs_attention
    order by c.id for no key update of c skip locked
  loop
    v_count := v_count + 1;
    update public.campaigns set needs_attention = v_row.reason where id = v_row.id;
    if v_row.reason is null then
      update public.alerts set resolved_at = p_now where org_id = v_row.org_id and campaign_id = v_row.id
        and kind = 'campaign_stalled' and resolved_at is null;
    else
      perform private.raise_alert(v_row.org_id, 'campaign_stalled', 'critical',
        'A running campaign cannot go on. ' || v_row.reason, v_row.id);
    end if;
  end loop;
  return v_count;
end;
$$;
comment on function private.flag_stalled(timestamptz, uuid) is
  'Marks running campaigns without an active template or number as needing attention, with an alert, and removes the mark when '
  'they have one again; returns how many changed. p_org_id: only this organisation; null: all except those for which this work '
  'is resting.';

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
  -- skip locked: a campaign that is being claimed, paused or planned is checked in the next tick.
  v_done := array(
    select c.id from public.campaigns c
    where c.status = 'running' and (p_org_id is null or c.org_id = p_org_id) and c.org_id <> all (v_resting)
      and not exists (select 1 from public.campaign_targets t where t.campaign_id = c.id and t.is_waiting)
      and not exists (select 1 from public.messages m where m.campaign_id = c.id and m.is_open and m.kind = 'campaign')
      -- A message that turns out to have been sent has a next step. One that waits for a person may wait for ever: if they say
      -- that it was sent, the campaign runs again.
      and (c.type = 'broadcast' or not exists (
        select from public.messages m join public.campaign_steps s on s.campaign_id = m.campaign_id and s.step > m.step
        where m.org_id = c.org_id and m.is_unknown and m.needs_attention is null and m.campaign_id = c.id
          and m.kind = 'campaign'))
    order by c.id for no key update skip locked);
  -- Checked again under the lock: since the first statement began, a receipt may have set a target to waiting again.
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
  'Completes running campaigns that have nothing waiting, queued or sending, and no step that can still come; returns how many. '
  'p_org_id: only this organisation; null: all except those for which this work is resting.';

create function private.prune(p_now timestamptz default now(), p_limit integer default 10000, p_org_id uuid default null)
returns void
language plpgsql
set search_path = ''
as $$
declare
  v_resting uuid[] := private.resting_orgs('prune', p_org_id, p_now);
begin
  -- Deletes in limited batches: a long delete would hold back vacuum for every queue.
  delete from public.message_status_events e where e.id in (
    select x.id from public.message_status_events x where x.created_at < p_now - interval '90 days'
      and (p_org_id is null or x.org_id = p_org_id) and x.org_id <> all (v_resting) order by x.id limit p_limit);
  delete from public.webhook_logs e where e.id in (
    select x.id from public.webhook_logs x where x.created_at < p_now - interval '30 days'
      and (p_org_id is null or x.org_id = p_org_id) and coalesce(x.org_id <> all (v_resting), true) order by x.id limit p_limit);
  delete from private.windows w where w.valid_to < p_now - interval '1 day' and (p_org_id is null or w.org_id = p_org_id)
    and w.org_id <> all (v_resting);
  -- No row of these tables can make its deletion fail, so all organisations' are deleted together.
  if p_org_id is not null then
    return;
  end if;
  delete from private.text_days d where d.ctid in (
    select x.ctid from private.text_days x where x.day < (p_now - interval '25 months')::date limit p_limit);
  delete from private.repeated_requests r where r.ctid in (
    select x.ctid from private.repeated_requests x where x.created_at < p_now - interval '1 hour' limit p_limit);
  delete from private.daily_usage u where u.day < (p_now - interval '90 days')::date;
  delete from private.message_requests r where (r.org_id, r.key) in (
    select x.org_id, x.key from private.message_requests x where x.created_at < p_now - interval '24 hours' limit p_limit);
  delete from cron.job_run_details d
  where d.end_time < p_now - interval '1 day'
    or d.end_time < p_now - interval '1 hour' and d.jobid in (select j.jobid from cron.job j where j.jobname like 'tick-%');
end;
$$;
comment on function private.prune(timestamptz, integer, uuid) is
  'Deletes old rows: raw receipts after 90 days, refused webhooks after 30 days, expired windows and the history of cron jobs '
  'after one day, daily usage after 90 days, figures of texts after 25 months, idempotency keys after 24 hours, repeated '
  'requests after an hour. Finished queue rows are deleted when they are read; pg_net deletes its own history after 6 hours. '
  'p_org_id: only this organisation; null: all except those for which this work is resting.';
