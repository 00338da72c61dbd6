create table public.imports (
  id uuid primary key default gen_random_uuid(),
  org_id uuid not null references public.orgs (id) on delete cascade,
  status text not null default 'queued'
    check (status in ('queued', 'running', 'paused', 'completed', 'failed', 'canceled', 'undoing', 'undone')),
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
  updated_rows bigint not null default 0,
  undone_rows bigint not null default 0,
  kept_rows bigint not null default 0,
  hidden_rows bigint not null default 0,
  undo_total bigint,
  undo_after uuid,
  undone_at timestamptz,
  run_started_at timestamptz,
  run_from_rows bigint not null default 0,
  run_from_byte bigint not null default 0,
  rows_per_second numeric(12, 1),
  seconds_left integer,
  unique (org_id, id),
  constraint imports_sum_check check (imported_rows + updated_rows + duplicate_rows + rejected_rows = processed_rows),
  constraint imports_finished_check
    check ((status in ('completed', 'failed', 'canceled', 'undoing', 'undone')) = (finished_at is not null)),
  constraint imports_reason_check check (status not in ('failed', 'canceled') or error_message is not null),
  constraint imports_undo_check
    check (undone_rows + kept_rows + hidden_rows <= coalesce(undo_total, 0) and (status = 'undone') = (undone_at is not null)),
  constraint imports_file_bytes_limit_check check (file_bytes <= 104857600),
  constraint imports_storage_path_check check (length(storage_path) <= 200),
  -- The caller gives the first values, and each chunk then advances them. No file has more lines or chunks than bytes.
  constraint imports_next_byte_check check (next_byte between 0 and 104857600),
  constraint imports_next_line_check check (next_line between 1 and 210000000),
  constraint imports_next_chunk_check check (next_chunk between 0 and 210000000),
  constraint imports_run_from_byte_check check (run_from_byte between 0 and 104857600),
  constraint imports_columns_check
    check (cardinality(columns) between 1 and 500 and octet_length(array_to_string(columns, ',')) <= 131072),
  constraint imports_mapping_size_check check (pg_column_size(mapping) <= 131072),
  constraint imports_options_size_check check (pg_column_size(options) <= 10000),
  constraint imports_tags_check check (cardinality(tags) <= 50),
  constraint imports_delimiter_check check (length(delimiter) = 1),
  constraint imports_encoding_check check (encoding in ('utf-8', 'utf-16le', 'utf-16be', 'windows-1252', 'macintosh')),
  constraint imports_file_name_line_check check (file_name !~ '[\u0001-\u001f\u007f-\u009f\u2028\u2029]'),
  -- The message may quote the file; fail_import cuts it to this length.
  constraint imports_error_message_check check (length(error_message) <= 2000),
  constraint imports_rate_check check (rows_per_second between 0 and 99999999999)
);
comment on table public.imports is
  'The import of a file of leads and its progress: next_byte and next_line are where the next chunk begins. imported_rows + '
  'updated_rows + duplicate_rows + rejected_rows = processed_rows, always; warning_count is not part of that sum.';
comment on column public.imports.error_message is 'Why it failed or was canceled, and what stays imported.';
comment on column public.imports.updated_rows is 'Rows merged into an existing lead, including rows that changed nothing.';
comment on column public.imports.undone_rows is 'Leads that an undo removed or restored to their former values.';
comment on column public.imports.kept_rows is
  'Leads that an undo left as they are, because they were changed after the import: import_rejections has each, with outcome '
  'kept.';
comment on column public.imports.hidden_rows is
  'Leads that an undo hid, because campaigns, messages or conversations refer to them, and leads that people had deleted '
  'already.';
comment on column public.imports.undo_total is
  'How many leads the import made or changed, counted when its undo begins. undone_rows + kept_rows + hidden_rows reach it in '
  'the end.';
comment on column public.imports.undo_after is 'The id of the last lead that was undone.';
comment on column public.imports.run_started_at is
  'When the current run began: the start or the last resume or undo. The rate is counted from run_from_rows and run_from_byte '
  'on, so that a pause does not distort it.';
alter table public.consent_records add foreign key (import_id) references public.imports (id) on delete set null;
create index imports_list_idx on public.imports (org_id, created_at desc);
create index imports_hash_idx on public.imports (org_id, content_hash);
create index imports_created_by_idx on public.imports (created_by) where created_by is not null;
create index imports_active_idx on public.imports (org_id, status) where status in ('queued', 'running', 'undoing');

alter table public.imports enable row level security;
create policy "people read imports of their organisation" on public.imports
  for select to authenticated using (org_id = (select private.org_id()));
grant select on public.imports to authenticated;
grant delete, insert, select, update on public.imports to service_role;

create trigger imports_updated_at before update on public.imports
  for each row execute function private.set_updated_at();
create trigger imports_drop_message after update of status on public.imports
  for each row when (old.status in ('queued', 'running', 'undoing') and new.status not in ('queued', 'running', 'undoing'))
  execute function private.drop_own_work('imports', 'import_id');
create trigger imports_drop_message_deleted after delete on public.imports
  for each row when (old.status in ('queued', 'running', 'undoing'))
  execute function private.drop_own_work('imports', 'import_id');
create trigger imports_limit_active_insert after insert on public.imports
  for each row when (new.status in ('queued', 'running', 'undoing'))
  execute function private.limit_active_work('50', 'imports under way', '{queued,running,undoing}');
create trigger imports_limit_active_update after update of status on public.imports
  for each row when (new.status in ('queued', 'undoing') and old.status not in ('queued', 'running', 'undoing'))
  execute function private.limit_active_work('50', 'imports under way', '{queued,running,undoing}');
create trigger imports_limit_large_columns after insert on public.imports
  for each row when (octet_length(array_to_string(new.columns, ',')) > 8000)
  execute function private.limit_large_values('columns');
create trigger imports_limit_large_mapping after insert on public.imports
  for each row when (octet_length(new.mapping::text) > 8192) execute function private.limit_large_values('mapping');
create trigger imports_forget_large_values after delete on public.imports
  for each row execute function private.forget_large_values();
