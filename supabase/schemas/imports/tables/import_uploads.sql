create table public.import_uploads (
  id uuid primary key default gen_random_uuid(),
  org_id uuid not null references public.orgs (id) on delete cascade,
  file_name text not null check (length(file_name) between 1 and 300 and file_name !~ '[\u0001-\u001f\u007f-\u009f\u2028\u2029]'),
  file_bytes bigint not null check (file_bytes between 1 and 104857600),
  created_by uuid references public.users (id) on delete set null,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null
);
comment on table public.import_uploads is
  'An announced file that a person may store at <org>/<id>.csv of bucket imports by a signed link. Its import gets the same id. '
  'Deleted a day later.';
comment on column public.import_uploads.file_bytes is 'The announced size; the file must have exactly this size.';
comment on column public.import_uploads.expires_at is
  'Until when the link accepts a file; Storage gives every such link two hours.';
create index import_uploads_age_idx on public.import_uploads (created_at);
create index import_uploads_org_idx on public.import_uploads (org_id);
create index import_uploads_created_by_idx on public.import_uploads (created_by) where created_by is not null;

alter table public.import_uploads enable row level security;
create policy "people see uploads of their organisation" on public.import_uploads
  for select to authenticated using (org_id = (select private.org_id()));
grant select on public.import_uploads to authenticated, service_role;
