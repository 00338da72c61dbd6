create table public.campaign_phone_numbers (
  org_id uuid not null,
  campaign_id uuid not null,
  phone_number_id uuid not null,
  primary key (campaign_id, phone_number_id),
  foreign key (org_id, campaign_id) references public.campaigns (org_id, id) on delete cascade,
  foreign key (org_id, phone_number_id) references public.phone_numbers (org_id, id) on delete cascade
);
comment on table public.campaign_phone_numbers is
  'The pool of numbers that a campaign sends from; if it lists none, all numbers of the organisation.';
create index campaign_phone_numbers_number_idx on public.campaign_phone_numbers (org_id, phone_number_id);
create index campaign_phone_numbers_campaign_idx on public.campaign_phone_numbers (org_id, campaign_id);

alter table public.campaign_phone_numbers enable row level security;
create policy "people read campaign numbers of their organisation" on public.campaign_phone_numbers
  for select to authenticated using (org_id = (select private.org_id()));
grant select on public.campaign_phone_numbers to authenticated;
grant delete, insert, select, update on public.campaign_phone_numbers to service_role;
