create table public.campaign_tests (
  id uuid primary key default gen_random_uuid(),
  org_id uuid not null,
  campaign_id uuid not null unique,
  metric text not null check (metric in ('replied', 'interested')),
  alpha double precision not null default 0.05 check (alpha between 0.001 and 0.2),
  maturity_hours smallint not null default 48 check (maturity_hours between 1 and 336),
  min_per_arm integer not null default 200 check (min_per_arm between 50 and 1000000),
  tuning_n integer not null default 5000 check (tuning_n between 100 and 10000000),
  test_percent smallint not null default 100 check (test_percent between 1 and 100),
  decides text not null default 'person' check (decides in ('person', 'auto')),
  deadline timestamptz not null check (deadline between '2000-01-01' and '2100-01-01'),
  status text not null default 'running' check (status in ('running', 'won', 'no_winner', 'invalid', 'ended')),
  winner smallint check (winner between 1 and 10),
  evidence jsonb check (jsonb_typeof(evidence) = 'object'),
  looked_at timestamptz,
  held integer not null default 0 check (held >= 0),
  promoted smallint check (promoted between 1 and 10),
  promoted_at timestamptz check ((promoted_at is not null) = (promoted is not null)),
  promoted_by uuid references public.users (id) on delete set null,
  decided_at timestamptz check ((decided_at is not null) = (status <> 'running')),
  created_by uuid references public.users (id) on delete set null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  check ((winner is not null) = (status = 'won')),
  foreign key (org_id, campaign_id) references public.campaigns (org_id, id) on delete cascade
);
comment on table public.campaign_tests is
  'The A/B test of a campaign: how it is judged, and what came of it. It counts people whose first text was sent maturity_hours '
  'ago, and what they did within that time. Whoever was given another variant than building assigned counts for none '
  '(campaign_targets.assigned_variant).';
comment on column public.campaign_tests.metric is
  'What the arms are compared by: people who replied, or whose reply was judged interested when it came.';
comment on column public.campaign_tests.alpha is
  'The chance that equal texts get a winner, however often one looks. It is shared by all pairs of variants.';
comment on column public.campaign_tests.tuning_n is 'For how many people of a pair of variants the interval is tightest.';
comment on column public.campaign_tests.test_percent is
  'The share of the audience that takes part. The others wait until a variant is promoted or the test ends.';
comment on column public.campaign_tests.decides is
  'person: a winner is promoted by a person. auto: by the look that finds it.';
comment on column public.campaign_tests.status is
  'running; won: there is a winner; no_winner: the deadline passed, or all people are counted; invalid: the arms differ from '
  'their shares; ended: a person promoted a variant or ended the test before it was decided.';
comment on column public.campaign_tests.evidence is 'The numbers of the look that decided.';
comment on column public.campaign_tests.looked_at is
  'When the newest look was taken that is kept: a change of it is broadcast, and the look can be read.';
comment on column public.campaign_tests.held is 'How many people building kept back.';
comment on column public.campaign_tests.promoted is 'The variant that everybody gets who still waits for their first text.';
comment on column public.campaign_tests.promoted_by is 'Who promoted it; null if the test did.';
create index campaign_tests_org_idx on public.campaign_tests (org_id, campaign_id);
create index campaign_tests_promoted_by_idx on public.campaign_tests (promoted_by) where promoted_by is not null;
create index campaign_tests_created_by_idx on public.campaign_tests (created_by) where created_by is not null;

alter table public.campaign_tests enable row level security;
create policy "people read tests of campaigns of their organisation" on public.campaign_tests
  for select to authenticated using (org_id = (select private.org_id()));
grant select on public.campaign_tests to authenticated, service_role;

create trigger campaign_tests_updated_at before update on public.campaign_tests
  for each row execute function private.set_updated_at();
create trigger campaign_tests_limit after insert on public.campaign_tests
  for each row execute function private.limit_active_work('50', 'A/B tests that are not decided', '{running}');
create trigger campaign_tests_limit_again after update of status on public.campaign_tests
  for each row when (new.status = 'running' and old.status <> 'running')
  execute function private.limit_active_work('50', 'A/B tests that are not decided', '{running}');
