create table public.phone_scrubs (
  id uuid primary key default gen_random_uuid(),
  org_id uuid not null,
  service_id uuid not null,
  e164 text collate "C" not null check (e164 ~ '^\+1[2-9][0-9]{9}$'),
  result text not null check (result in ('clean', 'dnc', 'litigator')),
  scrubbed_at timestamptz not null,
  hit text check (hit in ('dnc', 'litigator')),
  hit_at timestamptz,
  unique (service_id, e164),
  foreign key (org_id, service_id) references public.enrichment_services (org_id, id) on delete cascade,
  check ((hit is null) = (hit_at is null))
);
comment on table public.phone_scrubs is
  'The last answer of each service about a phone (result, scrubbed_at), and whether and since when it ever found the phone on a '
  'list (hit, hit_at). An answer older than 31 days no longer counts.';
create index phone_scrubs_phone_idx on public.phone_scrubs (org_id, e164);
create index phone_scrubs_service_idx on public.phone_scrubs (org_id, service_id);
create index phone_scrubs_stale_idx on public.phone_scrubs (service_id, scrubbed_at) where hit is null;

alter table public.phone_scrubs enable row level security;
create policy "people read scrubs of their organisation" on public.phone_scrubs
  for select to authenticated using (org_id = (select private.org_id()));
grant select on public.phone_scrubs to authenticated, service_role;
