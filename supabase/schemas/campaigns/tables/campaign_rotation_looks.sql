create table public.campaign_rotation_looks (
  org_id uuid not null,
  campaign_id uuid not null,
  step smallint not null,
  looked_at timestamptz not null,
  template_id uuid not null,
  version integer not null,
  people bigint not null,
  replied bigint not null,
  weighed_people double precision not null,
  weighed_replied double precision not null,
  best double precision,
  share double precision not null,
  primary key (campaign_id, step, looked_at, template_id),
  foreign key (org_id, campaign_id) references public.campaigns (org_id, id) on delete cascade
);
comment on table public.campaign_rotation_looks is
  'What a campaign with rotation thompson knew of each text of a step whenever it chose new shares; rows are only added.';
comment on column public.campaign_rotation_looks.people is 'Counted so far; weighed_people: the older, the less.';
comment on column public.campaign_rotation_looks.best is
  'The probability that the text is the best of the step; null while too few people are counted for it.';
comment on column public.campaign_rotation_looks.share is 'The share that it got, from 0 to 1.';
create index campaign_rotation_looks_org_idx on public.campaign_rotation_looks (org_id, campaign_id);

alter table public.campaign_rotation_looks enable row level security;
create policy "people read rotation looks of their organisation" on public.campaign_rotation_looks
  for select to authenticated using (org_id = (select private.org_id()));
grant select on public.campaign_rotation_looks to authenticated, service_role;
