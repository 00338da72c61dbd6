create table public.campaign_step_stats (
  campaign_id uuid not null,
  step smallint not null,
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
  replies integer not null default 0,
  opt_outs integer not null default 0,
  primary key (campaign_id, step),
  foreign key (campaign_id, step) references public.campaign_steps (campaign_id, step) on delete cascade,
  foreign key (org_id, campaign_id) references public.campaigns (org_id, id) on delete cascade
) with (fillfactor = 50);
comment on table public.campaign_step_stats is
  'The part of campaign_stats that belongs to a step after the first, folded together with it. The rest belongs to the first '
  'step.';
create index campaign_step_stats_org_idx on public.campaign_step_stats (org_id, campaign_id);

alter table public.campaign_step_stats enable row level security;
create policy "people read figures of steps of their organisation" on public.campaign_step_stats
  for select to authenticated using (org_id = (select private.org_id()));
grant select on public.campaign_step_stats to authenticated, service_role;
