-- The circuit breaker's memory: a mark of a campaign's figures every quarter of an hour. The figures of the last 24 hours are
-- then one subtraction, however many messages a campaign has.

create function private.mark_campaign(p_campaign_id uuid, p_now timestamptz)
returns void
language sql
set search_path = ''
as $$
  -- Includes changes that are not folded yet, in one snapshot: what happened before the mark must not count after it.
  insert into private.campaign_marks (campaign_id, taken_at, sent, failed, undelivered, opt_outs)
  select s.campaign_id, p_now, s.sent + d.sent, s.failed + d.failed, s.undelivered + d.undelivered, s.opt_outs + d.opt_outs
  from public.campaign_stats s
  cross join lateral (
    select coalesce(sum(x.sent), 0) as sent, coalesce(sum(x.failed), 0) as failed,
      coalesce(sum(x.undelivered), 0) as undelivered, coalesce(sum(x.opt_outs), 0) as opt_outs
    from private.campaign_deltas x where x.campaign_id = s.campaign_id
  ) d
  where s.campaign_id = p_campaign_id
  on conflict (campaign_id, taken_at) do nothing;
$$;
comment on function private.mark_campaign(uuid, timestamptz) is 'Records a campaign''s figures at p_now.';

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
      select 1 from private.campaign_marks m where m.campaign_id = c.id and m.taken_at > p_now - interval '15 minutes'
        and m.taken_at <= p_now);
$$;
comment on function private.mark_campaigns(timestamptz, uuid) is
  'Records the figures of running campaigns that have no mark of the last quarter of an hour; returns how many. p_org_id: only '
  'this organisation; null: all except those for which this work is resting.';
