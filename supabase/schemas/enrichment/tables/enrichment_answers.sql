create table public.enrichment_answers (
  id bigint generated always as identity primary key,
  org_id uuid not null,
  service_id uuid not null,
  subjects text[] not null check (cardinality(subjects) between 1 and 100),
  http_status smallint,
  reason text check (length(reason) <= 500),
  answer text check (length(answer) <= 16000),
  received_at timestamptz not null default now(),
  foreign key (org_id, service_id) references public.enrichment_services (org_id, id) on delete cascade,
  constraint enrichment_answers_http_status_check check (http_status between 100 and 999)
);
comment on table public.enrichment_answers is
  'The answers of services, up to 16,000 characters of each, for investigation: about which parcels (ids) or phones, and the '
  'reason if an answer was not usable. Kept for 90 days.';
create index enrichment_answers_list_idx on public.enrichment_answers (org_id, service_id, id desc);
create index enrichment_answers_age_idx on public.enrichment_answers (received_at);

alter table public.enrichment_answers enable row level security;
create policy "admins read answers of services of their organisation" on public.enrichment_answers
  for select to authenticated using (org_id = (select private.org_id()) and (select private.has_role('admin')));
grant select on public.enrichment_answers to authenticated, service_role;
