create table public.segment_leads (
  org_id uuid not null,
  segment_id uuid not null,
  lead_id uuid not null,
  added_at timestamptz not null default now(),
  primary key (segment_id, lead_id),
  foreign key (org_id, segment_id) references public.segments (org_id, id) on delete cascade,
  foreign key (org_id, lead_id) references public.leads (org_id, id) on delete cascade
);
comment on table public.segment_leads is 'The leads of a list.';
create index segment_leads_lead_idx on public.segment_leads (org_id, lead_id);
create index segment_leads_segment_idx on public.segment_leads (org_id, segment_id);

alter table public.segment_leads enable row level security;
create policy "people read lists of their organisation" on public.segment_leads
  for select to authenticated using (org_id = (select private.org_id()));
grant select on public.segment_leads to authenticated;
grant delete, insert, select, update on public.segment_leads to service_role;
