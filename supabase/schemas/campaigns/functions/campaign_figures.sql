-- Figures: deltas are folded into campaign_stats at most once a second, in one transaction, so that nothing is lost or counted
-- twice.

create function private.campaign_figures(p_campaign_id uuid)
returns jsonb
language sql
stable
security definer
set search_path = ''
as $$
  select jsonb_build_object(
    'audience', count(*),
    'excluded', count(*) filter (where t.state = 'excluded'),
    'canceled', count(*) filter (where t.state = 'canceled'),
    'waiting', count(*) filter (where t.state = 'waiting'),
    'queued', count(*) filter (where t.state = 'queued'),
    'sending', count(*) filter (where t.state = 'sending'),
    'unknown', count(*) filter (where t.state = 'unknown'),
    'sent', count(*) filter (where t.state = 'sent'),
    'failed', count(*) filter (where t.state = 'failed'),
    'delivered', count(*) filter (where t.delivery = 'delivered'),
    'undelivered', count(*) filter (where t.delivery = 'undelivered'),
    'unconfirmed', count(*) filter (where t.delivery = 'unconfirmed'),
    'needs_attention', count(*) filter (where t.needs_attention is not null))
  from public.campaign_targets t
  where t.campaign_id = p_campaign_id and t.org_id = (select private.org_id());
$$;
comment on function private.campaign_figures(uuid) is
  'A campaign''s figures, counted from its targets instead of read from the folded figures, for the signed-in user''s '
  'organisation. Security definer for the same reason as campaign_reasons.';
grant execute on function private.campaign_figures(uuid) to authenticated;

create function public.campaign_figures(p_campaign_id uuid) returns jsonb
  language sql stable set search_path = '' as $$ select private.campaign_figures(p_campaign_id); $$;
comment on function public.campaign_figures(uuid) is 'Calls the private function of the same name.';
grant execute on function public.campaign_figures(uuid) to authenticated;

create function private.campaign_reasons(p_campaign_id uuid)
returns jsonb
language sql
stable
security definer
set search_path = ''
as $$
  select jsonb_build_object(
    'excluded', coalesce(jsonb_object_agg(r.reason, r.n) filter (where r.state = 'excluded'), '{}'),
    'canceled', coalesce(jsonb_object_agg(r.reason, r.n) filter (where r.state = 'canceled'), '{}'),
    'failed', coalesce(jsonb_object_agg(r.reason, r.n) filter (where r.state = 'failed'), '{}'))
  from (
    select t.state, coalesce(t.reason, 'error') as reason, count(*) as n
    from public.campaign_targets t
    where t.campaign_id = p_campaign_id and t.org_id = (select private.org_id()) and t.state in ('excluded', 'canceled', 'failed')
    group by 1, 2
  ) r;
$$;
comment on function private.campaign_reasons(uuid) is
  'Why targets of a campaign of the signed-in user''s organisation were excluded, canceled or failed, with the number for each '
  'reason. Security definer: counting a large backlog under row-level security costs several times as much.';
grant execute on function private.campaign_reasons(uuid) to authenticated;

create function public.campaign_reasons(p_campaign_id uuid) returns jsonb
  language sql stable set search_path = '' as $$ select private.campaign_reasons(p_campaign_id); $$;
comment on function public.campaign_reasons(uuid) is 'Calls the private function of the same name.';
grant execute on function public.campaign_reasons(uuid) to authenticated;

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
  'Adds the appended deltas to campaign_stats; deltas of campaigns that were folded less than p_apart ago are left for later. '
  'Returns how many campaigns changed. p_now: null for the time when the figures are locked. p_org_id: only this organisation; '
  'null: all except those for which this work is resting. Security definer: the role of cron jobs may not write the table.';
