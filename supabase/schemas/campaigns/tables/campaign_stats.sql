create table public.campaign_stats (
  campaign_id uuid primary key,
  org_id uuid not null,
  audience integer not null default 0,
  excluded integer not null default 0,
  canceled integer not null default 0,
  waiting integer not null default 0,
  queued integer not null default 0,
  sending integer not null default 0,
  unknown integer not null default 0,
  sent integer not null default 0,
  failed integer not null default 0,
  delivered integer not null default 0,
  undelivered integer not null default 0,
  unconfirmed integer generated always as (sent - delivered - undelivered) stored,
  replies integer not null default 0,
  opt_outs integer not null default 0,
  segments integer not null default 0,
  updated_at timestamptz not null default now(),
  foreign key (org_id, campaign_id) references public.campaigns (org_id, id) on delete cascade
) with (fillfactor = 50);
comment on table public.campaign_stats is
  'A campaign''s figures, folded at most once a second. audience = excluded + canceled + waiting + queued + sending + unknown + '
  'sent + failed.';
comment on column public.campaign_stats.replies is
  'People who answered: texts that are an answer count, once for each person. STOP, START, HELP, dislikes, other reactions and '
  'automatic answers do not.';
create index campaign_stats_org_idx on public.campaign_stats (org_id, campaign_id);

alter table public.campaign_stats enable row level security;
create policy "people read campaign figures of their organisation" on public.campaign_stats
  for select to authenticated using (org_id = (select private.org_id()));
grant select on public.campaign_stats to authenticated, service_role;
