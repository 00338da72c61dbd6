create table public.campaign_test_looks (
  id uuid primary key default private.uuid_v7(),
  org_id uuid not null,
  campaign_id uuid not null,
  looked_at timestamptz not null,
  arms jsonb not null check (jsonb_typeof(arms) = 'array'),
  comparisons jsonb not null check (jsonb_typeof(comparisons) = 'array'),
  obstacles text[] not null,
  sample_ratio double precision,
  winner smallint,
  foreign key (org_id, campaign_id) references public.campaigns (org_id, id) on delete cascade
);
comment on table public.campaign_test_looks is
  'Every look at an A/B test, with all its numbers; rows are only added. A look that counts nobody more than the one before is '
  'not kept.';
comment on column public.campaign_test_looks.arms is
  'For each variant: assigned, sent, mature (counted), replied, interested and opted_out of these, waiting, and excluded by '
  'reason.';
comment on column public.campaign_test_looks.comparisons is
  'The best variant against each other, in points: difference, and the interval from low to high.';
comment on column public.campaign_test_looks.obstacles is 'What stood against a winner; empty if there was one.';
comment on column public.campaign_test_looks.sample_ratio is
  'The probability that the arms differ from their shares as much by chance; null if too few people were sent a text to say.';
create index campaign_test_looks_campaign_idx on public.campaign_test_looks (campaign_id, looked_at desc);
create index campaign_test_looks_org_idx on public.campaign_test_looks (org_id, campaign_id);

alter table public.campaign_test_looks enable row level security;
create policy "people read looks at tests of their organisation" on public.campaign_test_looks
  for select to authenticated using (org_id = (select private.org_id()));
grant select on public.campaign_test_looks to authenticated, service_role;
