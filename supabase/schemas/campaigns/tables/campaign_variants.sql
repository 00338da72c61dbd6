create table public.campaign_variants (
  org_id uuid not null,
  campaign_id uuid not null,
  variant smallint not null check (variant between 1 and 10),
  name text not null check (length(trim(name)) between 1 and 40),
  share smallint not null check (share between 1 and 1000),
  assigned integer not null default 0 check (assigned >= 0),
  primary key (campaign_id, variant),
  unique (campaign_id, name),
  foreign key (org_id, campaign_id) references public.campaigns (org_id, id) on delete cascade,
  constraint campaign_variants_name_line check (length(name) <= 40 and name !~ '[\u0001-\u001f\u007f-\u009f\u2028\u2029]')
);
comment on table public.campaign_variants is
  'The variants of a campaign''s A/B test. share is a part of the sum of all shares. A campaign without rows has no test.';
comment on column public.campaign_variants.assigned is
  'Targets that building assigned to this variant: never more than one off its exact share.';
create index campaign_variants_org_idx on public.campaign_variants (org_id, campaign_id);

alter table public.campaign_variants enable row level security;
create policy "people read variants of their organisation" on public.campaign_variants
  for select to authenticated using (org_id = (select private.org_id()));
grant select on public.campaign_variants to authenticated;
grant delete, insert, select, update on public.campaign_variants to service_role;
