-- Deltas are folded into the figures at most once a second, in one transaction, so that nothing is lost or counted twice.

create function private.fold_stats(p_now timestamptz default null, p_apart interval default '0', p_org_id uuid default null)
returns integer
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_resting uuid[] := private.resting_orgs('fold_stats', p_org_id, coalesce(p_now, now()));
  v_due uuid[];
  v_now timestamptz;
  v_count integer;
begin
  if not exists (select 1 from private.campaign_deltas) then
    return 0;
  end if;
  -- Locks the figures before it takes deltas. A fold that waits here for another one reads updated_at again once it has the lock.
  -- Without the lock it would read the time from before the other fold, and broadcast the same figures a moment after it.
  select coalesce(array_agg(x.campaign_id), '{}') into v_due
  from (
    select s.campaign_id from public.campaign_stats s
    where s.campaign_id in (select d.campaign_id from private.campaign_deltas d
        where (p_org_id is null or d.org_id = p_org_id) and d.org_id <> all (v_resting))
      and (p_apart = '0' or s.updated_at <= coalesce(p_now, clock_timestamp()) - p_apart)
    order by s.campaign_id for no key update
  ) x;
  -- Not now(): the transaction may have begun long before it got the locks.
  v_now := coalesce(p_now, clock_timestamp());
  with taken as (
    delete from private.campaign_deltas d
    where (p_org_id is null or d.org_id = p_org_id) and d.org_id <> all (v_resting)
      -- Deltas of a campaign that is gone belong to no figures.
      and (d.campaign_id = any (v_due) or not exists (select 1 from public.campaign_stats s where s.campaign_id = d.campaign_id))
    returning d.*
  ),
  sums as (
    select t.campaign_id, sum(t.audience) as audience, sum(t.excluded) as excluded, sum(t.canceled) as canceled,
      sum(t.waiting) as waiting,
      sum(t.queued) as queued, sum(t.sending) as sending, sum(t.unknown) as unknown, sum(t.sent) as sent, sum(t.failed) as failed,
      sum(t.delivered) as delivered, sum(t.undelivered) as undelivered, sum(t.replies) as replies, sum(t.opt_outs) as opt_outs,
        sum(t.segments) as segments
    from taken t group by t.campaign_id
  ),
  step_sums as (
    select t.campaign_id, t.step, sum(t.audience) as audience, sum(t.excluded) as excluded, sum(t.canceled) as canceled,
      sum(t.waiting) as waiting, sum(t.queued) as queued, sum(t.sending) as sending, sum(t.unknown) as unknown,
      sum(t.sent) as sent, sum(t.failed) as failed, sum(t.delivered) as delivered, sum(t.undelivered) as undelivered,
      sum(t.replies) as replies, sum(t.opt_outs) as opt_outs
    from taken t where t.step > 1 group by t.campaign_id, t.step
  ),
  steps as (
    update public.campaign_step_stats s
    set audience = s.audience + x.audience, excluded = s.excluded + x.excluded, canceled = s.canceled + x.canceled,
      waiting = s.waiting + x.waiting, queued = s.queued + x.queued, sending = s.sending + x.sending,
      unknown = s.unknown + x.unknown, sent = s.sent + x.sent, failed = s.failed + x.failed,
      delivered = s.delivered + x.delivered, undelivered = s.undelivered + x.undelivered,
      replies = s.replies + x.replies, opt_outs = s.opt_outs + x.opt_outs
    from step_sums x where s.campaign_id = x.campaign_id and s.step = x.step
  )
  update public.campaign_stats s
  set audience = s.audience + x.audience, excluded = s.excluded + x.excluded, canceled = s.canceled + x.canceled,
    waiting = s.waiting + x.waiting,
      queued = s.queued + x.queued, sending = s.sending + x.sending, unknown = s.unknown + x.unknown, sent = s.sent + x.sent,
        failed = s.failed + x.failed,
      delivered = s.delivered + x.delivered, undelivered = s.undelivered + x.undelivered, replies = s.replies + x.replies,
      opt_outs = s.opt_outs + x.opt_outs, segments = s.segments + x.segments, updated_at = v_now
  from sums x where s.campaign_id = x.campaign_id;
  get diagnostics v_count = row_count;
  return v_count;
end;
$$;
comment on function private.fold_stats(timestamptz, interval, uuid) is
  'Adds the appended deltas to campaign_stats and campaign_step_stats; deltas of campaigns that were folded less than p_apart '
  'ago are left for later. Returns how many campaigns changed. p_now: null for the time when the figures are locked. p_org_id: '
  'only this organisation; null: all except those for which this work is resting. Security definer: the role of cron jobs may '
  'not write the table.';
