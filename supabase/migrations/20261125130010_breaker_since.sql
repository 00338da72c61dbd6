-- The circuit breaker's memory: since when it counts, and a campaign's figures every quarter of an hour, so that those of the
-- last 24 hours are one subtraction however many messages a campaign has.

alter table public.campaigns add column breaker_since timestamptz;
comment on column public.campaigns.breaker_since is 'When the campaign was last resumed: the circuit breaker counts what happened since, so that what tripped it once does not trip it again.';

create table private.campaign_marks (
  campaign_id uuid not null references public.campaigns (id) on delete cascade,
  taken_at timestamptz not null,
  sent integer not null,
  failed integer not null,
  undelivered integer not null,
  opt_outs integer not null,
  primary key (campaign_id, taken_at)
);
comment on table private.campaign_marks is 'A running campaign''s figures at a moment: sent, failed, undelivered (a part of sent), opt-outs. Taken every quarter of an hour and at each resume, kept for a day.';

create function private.mark_campaign(p_campaign_id uuid, p_now timestamptz)
returns void
language sql
set search_path = ''
as $$
  -- With what is not folded yet, in one snapshot: what happened before the mark must not count after it.
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
comment on function private.mark_campaign(uuid, timestamptz) is 'Takes down a campaign''s figures as of now.';

create function private.mark_campaigns(p_now timestamptz default now())
returns integer
language sql
set search_path = ''
as $$
  select count(private.mark_campaign(c.id, p_now))::integer
  from public.campaigns c
  where c.status = 'running'
    and not exists (
      select 1 from private.campaign_marks m where m.campaign_id = c.id and m.taken_at > p_now - interval '15 minutes' and m.taken_at <= p_now);
$$;
comment on function private.mark_campaigns(timestamptz) is 'Takes down the figures of running campaigns that have not been for a quarter of an hour; returns of how many.';

-- Campaigns that are under way count from this migration on: nobody took down what they did when.
update public.campaigns set breaker_since = now() where status in ('running', 'paused');
select private.mark_campaign(c.id, now()) from public.campaigns c where c.breaker_since is not null;

alter table private.campaign_marks enable row level security;
