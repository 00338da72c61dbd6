create table public.template_versions (
  template_id uuid not null references public.templates (id) on delete cascade,
  version integer not null,
  org_id uuid not null references public.orgs (id) on delete cascade,
  content text not null,
  worst_segments smallint not null,
  created_at timestamptz not null default now(),
  primary key (template_id, version)
);
comment on table public.template_versions is
  'Append-only: every text that a template ever had, so that a message keeps the text it was sent with.';
create index template_versions_org_idx on public.template_versions (org_id);

alter table public.template_versions enable row level security;
create policy "people read template versions of their organisation" on public.template_versions
  for select to authenticated using (org_id = (select private.org_id()));
grant select on public.template_versions to authenticated, service_role;
