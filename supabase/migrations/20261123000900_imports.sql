-- Imports: a file of leads, its progress, and every row that was rejected with line, field and reason.

create table public.imports (
  id uuid primary key default gen_random_uuid(),
  org_id uuid not null references public.orgs (id) on delete cascade,
  status text not null default 'queued' check (status in ('queued', 'running', 'completed', 'failed')),
  file_name text not null check (length(file_name) between 1 and 300),
  file_bytes bigint not null check (file_bytes > 0),
  content_hash text not null check (content_hash ~ '^[0-9a-f]{64}$'),
  storage_path text not null,
  encoding text not null,
  delimiter text not null,
  columns text[] not null,
  mapping jsonb not null check (jsonb_typeof(mapping) = 'object'),
  options jsonb not null default '{}' check (jsonb_typeof(options) = 'object'),
  tags text[] not null default '{}',
  next_byte bigint not null default 0,
  next_line bigint not null default 1,
  next_chunk integer not null default 0,
  total_rows bigint,
  processed_rows bigint not null default 0,
  imported_rows bigint not null default 0,
  duplicate_rows bigint not null default 0,
  rejected_rows bigint not null default 0,
  warning_count bigint not null default 0,
  error_message text,
  created_by uuid references public.users (id) on delete set null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  started_at timestamptz,
  finished_at timestamptz,
  unique (org_id, id),
  check (imported_rows + duplicate_rows + rejected_rows = processed_rows),
  check ((status in ('completed', 'failed')) = (finished_at is not null)),
  check (status <> 'failed' or error_message is not null)
);
comment on table public.imports is 'A file of leads and how far its import is: next_byte and next_line are where the next chunk begins. imported + duplicate + rejected = processed, always; warning_count stands beside that sum.';
create index imports_list_idx on public.imports (org_id, created_at desc);
create index imports_hash_idx on public.imports (org_id, content_hash);
create index imports_created_by_idx on public.imports (created_by) where created_by is not null;
create trigger imports_updated_at before update on public.imports
  for each row execute function private.set_updated_at();

create table public.import_rejections (
  id bigint generated always as identity primary key,
  org_id uuid not null,
  import_id uuid not null,
  line bigint not null,
  field text,
  reason text not null,
  outcome text not null default 'rejected' check (outcome in ('rejected', 'duplicate', 'warning')),
  raw jsonb not null check (jsonb_typeof(raw) = 'array'),
  foreign key (org_id, import_id) references public.imports (org_id, id) on delete cascade
);
comment on table public.import_rejections is 'A row that was not imported: its line in the file, the field, the reason and the row itself, so that nothing is lost. Outcome warning: imported, but for the field named.';
comment on column public.import_rejections.raw is 'The cells as they stood in the file, in the order of imports.columns.';
create unique index import_rejections_once_key on public.import_rejections (import_id, line) where outcome <> 'warning';
create index import_rejections_list_idx on public.import_rejections (org_id, import_id, line, id);

alter table public.leads
  add foreign key (import_id) references public.imports (id) on delete set null;

insert into storage.buckets (id, name, public, file_size_limit)
values ('imports', 'imports', false, 104857600)
on conflict (id) do nothing;

select pgmq.create('imports');

alter table public.imports enable row level security;
create policy "people read imports of their organisation" on public.imports
  for select to authenticated using (org_id = (select private.org_id()));
grant select on public.imports to authenticated;
grant select, insert, update, delete on public.imports to service_role;

alter table public.import_rejections enable row level security;
create policy "people read rejected rows of their organisation" on public.import_rejections
  for select to authenticated using (org_id = (select private.org_id()));
grant select on public.import_rejections to authenticated;
grant select, insert, update, delete on public.import_rejections to service_role;
