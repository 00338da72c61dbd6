-- Written from supabase/schemas/imports by npm run generate: change it there.

-- A function may call one that comes later.
set check_function_bodies = off;

-- schemas/imports/triggers/import_mappings.sql

create function private.check_import_mapping()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_others record;
begin
  perform private.check_shape(to_jsonb(new.name), private.text_shape(100, 1), 'name');
  perform private.check_shape(to_jsonb(new.columns), private.import_columns_shape(), 'columns');
  perform private.check_mapping(new.mapping, new.columns);
  perform private.check_shape(new.options, jsonb_set(private.import_options_shape() #- '{properties,allow_repeat}',
    '{properties,tags}', private.tags_shape()), 'options');
  perform private.lock_count(new.org_id, 'import mappings');
  select count(*) as n, coalesce(sum(pg_column_size(m.mapping) + pg_column_size(m.columns)), 0) as bytes into v_others
  from public.import_mappings m where m.org_id = new.org_id and m.id <> new.id;
  -- Limited, because a preview reads all of them.
  if tg_op = 'INSERT' and v_others.n >= 200 then
    perform private.raise_error('PT409', 'invalid_state',
      'Your organisation has 200 saved mappings, as many as it may have: delete one you no longer need.',
      '{"limit": 200}');
  elsif v_others.bytes + pg_column_size(new.mapping) + pg_column_size(new.columns) > 4000000 then
    perform private.raise_error('PT409', 'invalid_state',
      'Your saved mappings take 4 MB together, as much as they may: delete one you no longer need.',
      '{"limit_bytes": 4000000}');
  end if;
  return new;
end;
$$;
comment on function private.check_import_mapping() is
  'Trigger: checks that a saved mapping is valid and that there is room for it: an organisation may have 200, with 4 MB '
  'together. Raises PT422 naming the field, PT409 if there is no room. Security definer: users may not call the functions of '
  'shapes.';

create function private.audit_import_mapping()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_row public.import_mappings := case tg_op when 'DELETE' then old else new end;
begin
  -- Nothing is recorded if the organisation itself is being deleted.
  if exists (select from public.orgs o where o.id = v_row.org_id) then
    perform private.record_audit_event(v_row.org_id, case tg_op when 'DELETE' then 'import_mapping_deleted'
      else 'import_mapping_saved' end,
      null, null, null, jsonb_build_object('mapping_id', v_row.id, 'name', v_row.name, 'columns', cardinality(v_row.columns)));
  end if;
  return null;
end;
$$;
comment on function private.audit_import_mapping() is
  'Trigger: records in the audit events who saved or deleted a mapping. Security definer: users may not write audit events.';

-- schemas/imports/tables/imports.sql

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

-- schemas/imports/tables/import_rejections.sql

create table public.import_rejections (
  id bigint generated always as identity primary key,
  org_id uuid not null,
  import_id uuid not null,
  line bigint not null,
  field text,
  reason text not null,
  outcome text not null default 'rejected' check (outcome in ('rejected', 'duplicate', 'warning', 'kept')),
  raw jsonb not null check (jsonb_typeof(raw) = 'array'),
  lead_id uuid,
  foreign key (org_id, import_id) references public.imports (org_id, id) on delete cascade,
  constraint import_rejections_field_check check (length(field) <= 250),
  constraint import_rejections_reason_check check (length(reason) <= 1000),
  -- The background worker reads lines of at most 131,072 characters.
  constraint import_rejections_raw_size_check check (pg_column_size(raw) <= 1000000)
);
comment on table public.import_rejections is
  'A row that was not imported: its line in the file, the field, the reason and the row itself, so that nothing is lost. Outcome '
  'warning: the row was imported without the field named. Outcome kept: a lead that an undo left as it was.';
comment on column public.import_rejections.line is 'Line of the file, counted from 1; 0 if a kept lead has no single line.';
comment on column public.import_rejections.raw is 'The cells as they were in the file, in the order of imports.columns.';
comment on column public.import_rejections.lead_id is
  'The lead that a warning or a kept lead is about; it may have been deleted.';
create index import_rejections_list_idx on public.import_rejections (org_id, import_id, line, id);
create unique index import_rejections_once_key on public.import_rejections (import_id, line)
  where outcome in ('rejected', 'duplicate');
create unique index import_rejections_kept_key on public.import_rejections (import_id, lead_id) where outcome = 'kept';

alter table public.import_rejections enable row level security;
create policy "people read rejected rows of their organisation" on public.import_rejections
  for select to authenticated using (org_id = (select private.org_id()));
grant select on public.import_rejections to authenticated;
grant delete, insert, select, update on public.import_rejections to service_role;

-- schemas/imports/tables/import_changes.sql

create table private.import_changes (
  import_id uuid not null references public.imports (id) on delete cascade,
  lead_id uuid not null,
  line bigint not null,
  before jsonb check (jsonb_typeof(before) = 'object'),
  after jsonb not null check (jsonb_typeof(after) = 'object'),
  created_at timestamptz not null,
  primary key (import_id, lead_id)
);
comment on table private.import_changes is
  'The journal of imports: leads that an import changed, with their values before its first change, and what is needed to see '
  'whether anybody changed them after its last. Kept for 90 days.';
comment on column private.import_changes.line is 'The line that last changed the lead.';
comment on column private.import_changes.before is
  'The lead with its phones and parcels (private.import_images); null if the import made the lead itself.';
comment on column private.import_changes.after is
  '{updated_at, phones: [{id, e164, role, consent_status, line_type, invalid_reason}], parcels: [{id, updated_at}]} after the '
  'last change.';
create index import_changes_lead_idx on private.import_changes (lead_id);
create index import_changes_age_idx on private.import_changes (created_at);

alter table private.import_changes enable row level security;

-- schemas/imports/tables/import_uploads.sql

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

-- schemas/imports/tables/import_mappings.sql

create table public.import_mappings (
  id uuid primary key default gen_random_uuid(),
  org_id uuid not null references public.orgs (id) on delete cascade,
  name text not null check (name = trim(name) and length(name) between 1 and 100),
  columns text[] not null check (cardinality(columns) between 1 and 500),
  fingerprint text not null check (fingerprint ~ '^[0-9a-f]{64}$'),
  mapping jsonb not null check (jsonb_typeof(mapping) = 'object' and length(mapping::text) <= 262144),
  options jsonb not null default '{}' check (jsonb_typeof(options) = 'object' and length(options::text) <= 10000),
  created_by uuid default auth.uid() references public.users (id) on delete set null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  unique (org_id, name)
);
comment on table public.import_mappings is
  'A mapping of a file''s columns to fields, saved by name. A preview applies the one that fits the file best.';
comment on column public.import_mappings.fingerprint is
  'SHA-256 of the columns'' names, folded and sorted: files have the same fingerprint whatever the order, case and accents of '
  'their columns.';
comment on column public.import_mappings.options is
  'Options saved with the mapping: merge_strategy, keep_case, auto_tags, tags. Options of a request override them.';
create index import_mappings_created_by_idx on public.import_mappings (created_by) where created_by is not null;

alter table public.import_mappings enable row level security;
create policy "people read saved mappings of their organisation" on public.import_mappings
  for select to authenticated using (org_id = (select private.org_id()));
create policy "campaign managers save mappings of their organisation" on public.import_mappings
  for insert to authenticated
  with check (org_id = (select private.org_id()) and (select private.has_role('campaign_manager')));
create policy "campaign managers change saved mappings of their organisation" on public.import_mappings
  for update to authenticated
  using (org_id = (select private.org_id()) and (select private.has_role('campaign_manager')))
  with check (org_id = (select private.org_id()) and (select private.has_role('campaign_manager')));
create policy "campaign managers delete saved mappings of their organisation" on public.import_mappings
  for delete to authenticated using (org_id = (select private.org_id()) and (select private.has_role('campaign_manager')));
grant delete, select on public.import_mappings to authenticated;
grant select on public.import_mappings to service_role;
grant insert (org_id, name, columns, fingerprint, mapping, options) on public.import_mappings to authenticated;
grant update (columns, fingerprint, mapping, options) on public.import_mappings to authenticated;

create trigger import_mappings_updated_at before update on public.import_mappings
  for each row execute function private.set_updated_at();
create trigger import_mappings_check before insert or update on public.import_mappings
  for each row execute function private.check_import_mapping();
create trigger import_mappings_audit after insert or update or delete on public.import_mappings
  for each row execute function private.audit_import_mapping();

-- schemas/imports/functions/apply_import_chunk.sql

create function private.apply_import_chunk(
  p_import_id uuid,
  p_chunk integer,
  p_from_byte bigint,
  p_next_byte bigint,
  p_next_line bigint,
  p_rows jsonb,
  p_is_last boolean,
  p_message_id bigint,
  p_now timestamptz
)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  v_import public.imports;
  v_strategy text;
  v_e164s text[];
  v_merged jsonb := '{"shared": {}, "updated": 0, "made": [], "changed": [], "warnings": []}';
  v_duplicates jsonb := '{}';
  v_imported integer;
  v_rejected integer;
  v_warnings integer;
  v_seconds numeric;
begin
  select * into v_import from public.imports i where i.id = p_import_id for no key update;
  if p_message_id is not null then
    perform pgmq.delete('imports', p_message_id);
  end if;
  if v_import.id is null or v_import.status not in ('queued', 'running')
    or v_import.next_chunk <> p_chunk or v_import.next_byte <> p_from_byte
  then
    return jsonb_build_object('applied', false, 'status', v_import.status);
  end if;

  -- From here to the commit no other transaction can add a lead with any of these phones. The statements after this see
  -- everything that was committed before.
  v_strategy := coalesce(v_import.options ->> 'merge_strategy', 'skip');
  v_e164s := array(
    select distinct p.e164
    from jsonb_to_recordset(p_rows) as r (phones jsonb) cross join lateral jsonb_to_recordset(r.phones) as p (e164 text));
  if v_strategy in ('update', 'fill', 'add_phones') then
    perform private.lock_chunk(v_import.org_id, v_e164s);
    v_merged := private.merge_chunk(v_import, p_rows, p_now);
    if v_merged -> 'changed' <> '[]' then
      perform private.write_merged_leads(v_import, v_merged -> 'changed', p_now);
      perform private.journal_import_changes(v_import, v_merged -> 'changed', p_now);
    end if;
  else
    if v_strategy = 'skip' and private.has_refusal(p_rows) then
      perform private.lock_chunk(v_import.org_id, v_e164s);
    else
      perform private.lock_contacts(v_import.org_id, v_e164s);
    end if;
    if v_strategy = 'skip' then
      v_duplicates := private.find_chunk_duplicates(v_import.org_id, p_import_id, p_rows);
    end if;
  end if;
  v_imported := private.insert_chunk_leads(v_import, p_rows, v_duplicates || (v_merged -> 'shared'), p_now);
  if v_merged -> 'made' <> '[]' then
    v_imported := v_imported + private.insert_chunk_leads(v_import, v_merged -> 'made', '{}', p_now);
  end if;
  if v_duplicates <> '{}' then
    perform private.merge_refusals(v_import, p_rows, v_duplicates, p_now);
  end if;
  perform private.spread_denials(v_import, p_rows, p_now);

  insert into public.import_rejections (org_id, import_id, line, field, reason, outcome, raw)
  select v_import.org_id, p_import_id, r.line, left(coalesce(d.field, r.field), 250), left(coalesce(d.reason, r.reason), 1000),
    case when d.reason is null then 'rejected' else 'duplicate' end, r.raw
  from jsonb_to_recordset(p_rows) as r (line bigint, field text, reason text, raw jsonb)
  left join lateral jsonb_to_record(v_duplicates -> r.line::text) as d (field text, reason text) on true
  where coalesce(d.reason, r.reason) is not null;
  select count(*) filter (where r.reason is not null) into v_rejected from jsonb_to_recordset(p_rows) as r (reason text);
  v_warnings := private.write_chunk_warnings(v_import, p_rows, v_duplicates, v_merged -> 'warnings');

  v_seconds := private.run_seconds(v_import, p_now);
  update public.imports i
  set status = case when p_is_last then 'completed' else 'running' end,
      next_chunk = p_chunk + 1,
      next_byte = p_next_byte,
      next_line = p_next_line,
      processed_rows = i.processed_rows + jsonb_array_length(p_rows),
      imported_rows = i.imported_rows + v_imported,
      updated_rows = i.updated_rows + (v_merged ->> 'updated')::integer,
      rejected_rows = i.rejected_rows + v_rejected,
      duplicate_rows = i.duplicate_rows + (select count(*) from jsonb_object_keys(v_duplicates)),
      warning_count = i.warning_count + v_warnings,
      total_rows = case when p_is_last then i.processed_rows + jsonb_array_length(p_rows) end,
      rows_per_second = (i.processed_rows + jsonb_array_length(p_rows) - i.run_from_rows) / v_seconds,
      seconds_left = case
        when p_is_last then 0
        else ceil((i.file_bytes - p_next_byte) * v_seconds / nullif(p_next_byte - i.run_from_byte, 0)) end,
      started_at = coalesce(i.started_at, p_now),
      finished_at = case when p_is_last then p_now end
  where i.id = p_import_id
  returning * into v_import;
  if not p_is_last then
    perform private.send_work('imports', v_import.org_id,
      jsonb_build_object('import_id', p_import_id, 'chunk', p_chunk + 1));
  end if;
  return jsonb_build_object('applied', true, 'status', v_import.status);
end;
$$;
comment on function private.apply_import_chunk(uuid, integer, bigint, bigint, bigint, jsonb, boolean, bigint, timestamptz) is
  'Does the work of private.import_chunk, with the rows unchanged.';

-- schemas/imports/functions/create_import.sql

-- Starting imports, as users do. The API has already stored the file in Storage; from here on nothing needs the caller's token.

create function private.create_import(
  p_import_id uuid,
  p_file jsonb,
  p_mapping jsonb,
  p_options jsonb default '{}',
  p_tags text[] default '{}',
  p_now timestamptz default now()
)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_org_id uuid := private.require_role('campaign_manager');
  v_path text;
  v_columns text[];
  v_before jsonb;
  v_import public.imports;
begin
  perform private.check_shape(p_file, private.import_file_shape(), 'file');
  v_columns := array(select c.name from jsonb_array_elements_text(p_file -> 'columns') with ordinality c (name, n) order by c.n);
  perform private.check_mapping(p_mapping, v_columns);
  perform private.check_shape(p_options, private.import_options_shape(), 'options');
  perform private.check_shape(to_jsonb(p_tags), private.tags_shape(), 'tags');
  if p_import_id is null then
    perform private.refuse_field('import_id', 'import_id is required.');
  elsif (select count(distinct c) from unnest(v_columns) c) < cardinality(v_columns) then
    perform private.refuse_field('file.columns', 'Two columns have the same name: each must have one of its own.');
  elsif (p_file ->> 'next_byte')::numeric > (p_file ->> 'file_bytes')::numeric then
    perform private.refuse_field('file.next_byte', 'next_byte must be within the file.');
  end if;
  v_path := v_org_id || '/' || p_import_id || '.csv';
  if not exists (select from storage.objects o where o.bucket_id = 'imports' and o.name = v_path) then
    perform private.raise_error('PT422', 'invalid_input', 'The file was not stored: send it again.',
      '{"errors": [{"field": "file", "message": "The file was not stored: send it again."}]}');
  end if;
  -- If the same file is sent twice at the same moment, the second request waits here and is then recognised.
  perform pg_advisory_xact_lock(hashtextextended('import ' || v_org_id || (p_file ->> 'content_hash'), 0));
  select jsonb_build_object('id', i.id, 'created_at', i.created_at) into v_before
  from public.imports i
  where i.org_id = v_org_id and i.content_hash = p_file ->> 'content_hash' and i.status not in ('failed', 'canceled', 'undone')
  order by i.created_at desc limit 1;
  if v_before is not null and not coalesce((p_options ->> 'allow_repeat')::boolean, false) then
    perform private.raise_error('PT409', 'duplicate',
      'This file was imported before. Send allow_repeat: true to import it again.',
      jsonb_build_object('already_imported', v_before));
  end if;

  insert into public.imports (
    id, org_id, file_name, file_bytes, content_hash, storage_path, encoding, delimiter, columns, mapping, options, tags,
    next_byte, next_line, run_from_byte, created_by, created_at)
  values (
    p_import_id, v_org_id, p_file ->> 'file_name', (p_file ->> 'file_bytes')::numeric::bigint, p_file ->> 'content_hash', v_path,
    p_file ->> 'encoding', p_file ->> 'delimiter', v_columns, p_mapping,
    p_options, p_tags, (p_file ->> 'next_byte')::numeric::bigint, (p_file ->> 'next_line')::numeric::bigint,
      (p_file ->> 'next_byte')::numeric::bigint,
    (select u.id from public.users u where u.id = auth.uid()), p_now)
  returning * into v_import;
  perform private.send_work('imports', v_org_id, jsonb_build_object('import_id', p_import_id, 'chunk', 0));
  perform private.call_background_worker();
  perform private.record_audit_event(v_org_id, 'leads_import_started', null, null, null,
    jsonb_build_object('import_id', p_import_id, 'file_name', v_import.file_name, 'file_bytes', v_import.file_bytes));
  return to_jsonb(v_import) || jsonb_build_object('already_imported', v_before);
end;
$$;
comment on function private.create_import(uuid, jsonb, jsonb, jsonb, text[], timestamptz) is
  'Campaign managers: starts the import of a file that is stored in bucket imports at <org>/<import>.csv. p_file: file_name, '
  'file_bytes, content_hash (SHA-256, hex), encoding, delimiter, columns, next_byte and next_line (where the first row after the '
  'header begins). p_mapping: {column: field}. p_options: merge_strategy (skip by default, update, fill, add_phones, create), '
  'allow_repeat, keep_case, auto_tags. Returns the row, with already_imported if the same file was imported before and that '
  'import did not fail and was not canceled or undone. Raises PT403, PT409 duplicate, PT422. Security definer: users may not '
  'write imports.';
grant execute on function private.create_import(uuid, jsonb, jsonb, jsonb, text[], timestamptz) to authenticated, service_role;

create function public.create_import(
  p_import_id uuid,
  p_file jsonb,
  p_mapping jsonb,
  p_options jsonb default '{}',
  p_tags text[] default '{}'
)
returns jsonb language sql set search_path = ''
as $$ select private.create_import(p_import_id, p_file, p_mapping, p_options, p_tags) $$;
comment on function public.create_import(uuid, jsonb, jsonb, jsonb, text[]) is 'See private.create_import.';
grant execute on function public.create_import(uuid, jsonb, jsonb, jsonb, text[]) to authenticated, service_role;

create function private.check_mapping(p_mapping jsonb, p_columns text[], p_field text default 'mapping')
returns void
language plpgsql
stable
set search_path = ''
as $$
declare
  v_wrong record;
begin
  perform private.check_shape(p_mapping, private.import_mapping_shape(), p_field);
  select m.key, m.value into v_wrong from jsonb_each_text(p_mapping) m where m.key <> all (p_columns) order by m.key limit 1;
  if found then
    perform private.refuse_field(p_field || '.' || left(v_wrong.key, 64), format('The file has no column "%s".', v_wrong.key));
  end if;
  select m.value as key, count(*) as n into v_wrong
  from jsonb_each_text(p_mapping) m
  where m.value not in ('notes', 'tags', 'custom_field', 'ignore')
  group by m.value
  -- Each phone of a row is compared with each of its flags.
  having count(*) > case when m.value = 'other_phone' then 30 when m.value ~ 'phone_(dnc|consent|status)$' then 10 else 1 end
  order by m.value limit 1;
  if found then
    perform private.refuse_field(p_field, format('%s columns are mapped to %s; at most %s may be. Map the rest to custom_field.',
      v_wrong.n, v_wrong.key,
      case when v_wrong.key = 'other_phone' then 30 when v_wrong.key ~ 'phone_(dnc|consent|status)$' then 10 else 1 end));
  end if;
  if not exists (
    select from jsonb_each_text(p_mapping) m
      where m.value in ('primary_phone', 'secondary_phone', 'alternate_phone', 'other_phone'))
  then
    perform private.refuse_field(p_field, 'No column holds a phone number: map one of them to primary_phone.');
  end if;
end;
$$;
comment on function private.check_mapping(jsonb, text[], text) is
  'Raises PT422 naming p_field if a file with these columns can''t be imported with a mapping {column: field}: unknown columns, '
  'unknown fields or fields that are used twice, more than 30 other phones or 10 flags of a kind, or no phone. '
  '_shared/csv/check-mapping.ts checks the same earlier, with messages for people.';

-- schemas/imports/functions/fit_import_row.sql

create function private.fit_import_row(p_row jsonb)
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
declare
  v_shapes jsonb := private.lead_shape() -> 'properties';
  v_parcels jsonb := private.parcel_shape() -> 'properties';
  v_warnings jsonb := coalesce(p_row -> 'warnings', '[]');
  v_lead jsonb := '{}';
  v_parcel jsonb := '{}';
  v_field record;
  v_left jsonb;
  v_names text[];
begin
  if p_row ->> 'reason' is not null then
    return p_row;
  end if;
  -- Most rows are correct, even in a chunk with one that is not.
  begin
    perform private.check_shape(jsonb_strip_nulls(p_row -> 'lead'), private.lead_shape());
    if jsonb_typeof(p_row -> 'parcel') = 'object' then
      perform private.check_shape(p_row -> 'parcel', private.parcel_shape());
    end if;
    if not exists (
      select from jsonb_array_elements(p_row -> 'phones') p (phone)
        where not coalesce(p.phone ->> 'e164' ~ '^\+1[2-9][0-9]{9}$', false))
    then
      return p_row;
    end if;
  exception when sqlstate 'PT422' then
    null;
  end;
  select p.phone ->> 'field' as key into v_field from jsonb_array_elements(p_row -> 'phones') p (phone)
  where not coalesce(p.phone ->> 'e164' ~ '^\+1[2-9][0-9]{9}$', false) limit 1;
  if found then
    return jsonb_build_object('line', p_row -> 'line', 'raw', p_row -> 'raw', 'field', v_field.key, 'reason',
      'This is not a phone number that can be texted.');
  end if;
  for v_field in
    select true as is_lead, e.key, e.value, v_shapes -> e.key as shape from jsonb_each(p_row -> 'lead') e
    union all
    select false, e.key, e.value, v_parcels -> e.key
      from jsonb_each(case jsonb_typeof(p_row -> 'parcel') when 'object' then p_row -> 'parcel' else '{}' end) e
  loop
    begin
      if v_field.key = 'custom_fields' then
        v_left := v_field.value;
        v_field.value := private.fit_custom_fields(v_field.value);
        select array_agg(k.key order by k.key) into v_names
        from jsonb_object_keys(v_left) k (key) where not v_field.value ? left(private.one_line(k.key), 210)
          and private.one_line(k.key) <> '';
        if v_names is not null then
          v_warnings := v_warnings || jsonb_build_object('field', v_field.key, 'reason', format(
            'A lead has at most 500 custom fields and 32 KB of them: %s of this row were left out (%s).',
            cardinality(v_names), left(array_to_string(v_names, ', '), 500)));
        end if;
      elsif v_field.shape ->> 'format' = 'line' then
        v_field.value := to_jsonb(private.one_line(v_field.value #>> '{}'));
      end if;
      if v_field.value is not null and v_field.value <> 'null' then
        perform private.check_shape(v_field.value, v_field.shape, v_field.key);
      end if;
      if v_field.is_lead then
        v_lead := v_lead || jsonb_build_object(v_field.key, v_field.value);
      else
        v_parcel := v_parcel || jsonb_build_object(v_field.key, v_field.value);
      end if;
    exception when sqlstate 'PT422' then
      v_warnings := v_warnings || jsonb_build_object('field', v_field.key, 'reason', sqlerrm || ' It was left out.');
    end;
  end loop;
  return p_row || jsonb_build_object('lead', v_lead, 'warnings', v_warnings)
    || case when p_row ? 'parcel' then jsonb_build_object('parcel', nullif(v_parcel, '{}')) else '{}' end;
end;
$$;
comment on function private.fit_import_row(jsonb) is
  'A row for private.import_chunk without the values that a lead may not have, and with a warning for each field left out. A row '
  'with an invalid phone is rejected.';

-- schemas/imports/functions/fit_import_rows.sql

-- A row with a value that a lead may not have loses that field, or is rejected, but does not make its chunk fail. The worker
-- sends clean rows. If a row is not clean after all, the chunk is applied again, first with each text as one line, then with each
-- value checked against its shape.

create function private.as_lines(p_values jsonb)
returns jsonb
language sql
immutable
set search_path = ''
as $$
  select p_values || coalesce((
    select jsonb_object_agg(e.key, private.one_line(e.value #>> '{}')) from jsonb_each(p_values) e
    where jsonb_typeof(e.value) = 'string' and e.key <> 'notes'
      and e.value #>> '{}' ~ '[\u0001-\u001f\u007f-\u009f\u2028\u2029]'), '{}');
$$;
comment on function private.as_lines(jsonb) is 'The values of a lead or a parcel, with each text except notes as one line.';

-- schemas/imports/functions/import_chunk.sql

-- One chunk of an import is one transaction. After a crash before its commit the chunk is repeated; after a crash later it is
-- not.

create function private.find_chunk_duplicates(p_org_id uuid, p_import_id uuid, p_rows jsonb)
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
declare
  v_duplicates jsonb;
  v_row record;
  v_taken jsonb := '{}';
  v_clash record;
begin
  with phones as materialized (
    select r.line, p.e164, p.field, row_number() over () as n
    from jsonb_to_recordset(p_rows) as r (line bigint, phones jsonb)
    cross join lateral jsonb_to_recordset(r.phones) as p (e164 text, field text)
  )
  select coalesce(jsonb_object_agg(d.line, jsonb_build_object('field', d.field, 'reason', d.reason)), '{}') into v_duplicates
  from (
    select distinct on (p.line) p.line, p.field,
      case
        when k.import_id = p_import_id then format('An earlier row of this file has the phone %s.', p.e164)
        else format('The lead %s has the phone %s already.', k.lead_id, p.e164)
      end as reason
    from private.find_phone_leads(p_org_id, array(select distinct q.e164 from phones q)) k
    join phones p on p.e164 = k.e164
    order by p.line, p.n
  ) d;

  -- Of rows that share a phone, the first one that is imported wins. Only these few rows are checked one by one, because whether
  -- a row counts depends on what happened to the rows before it.
  for v_row in
    with phones as materialized (
      select r.line, p.e164, p.field
      from jsonb_to_recordset(p_rows) as r (line bigint, phones jsonb)
      cross join lateral jsonb_to_recordset(r.phones) as p (e164 text, field text)
      where not v_duplicates ? r.line::text
    ),
    shared as (
      select p.e164 from phones p group by p.e164 having count(*) > 1
    )
    select p.line, jsonb_object_agg(p.e164, p.field) as phones
    from phones p
    where p.line in (select q.line from phones q join shared s on s.e164 = q.e164)
    group by p.line
    order by p.line
  loop
    select p.key as e164, p.value as field, v_taken ->> p.key as line into v_clash
    from jsonb_each_text(v_row.phones) p where v_taken ? p.key order by (v_taken ->> p.key)::bigint limit 1;
    if found then
      v_duplicates := v_duplicates || jsonb_build_object(v_row.line, jsonb_build_object(
        'field', v_clash.field, 'reason', format('Line %s has the phone %s too.', v_clash.line, v_clash.e164)));
    else
      v_taken := v_taken || (select jsonb_object_agg(p.key, v_row.line) from jsonb_each(v_row.phones) p);
    end if;
  end loop;
  return v_duplicates;
end;
$$;
comment on function private.find_chunk_duplicates(uuid, uuid, jsonb) is
  'The rows of a chunk with a phone that a lead or an earlier row has: {line: {field, reason}}. The caller holds the locks of '
  'the contacts.';

create function private.import_chunk(
  p_import_id uuid,
  p_chunk integer,
  p_from_byte bigint,
  p_next_byte bigint,
  p_next_line bigint,
  p_rows jsonb,
  p_is_last boolean,
  p_message_id bigint default null,
  p_now timestamptz default now()
)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
begin
  return private.apply_import_chunk(p_import_id, p_chunk, p_from_byte, p_next_byte, p_next_line, p_rows, p_is_last, p_message_id,
    p_now);
exception when check_violation or not_null_violation or data_exception then
  begin
    -- The usual cause is a line break within a cell.
    return private.apply_import_chunk(p_import_id, p_chunk, p_from_byte, p_next_byte, p_next_line,
      (select coalesce(to_jsonb(array_agg(r.row
          || case jsonb_typeof(r.row -> 'lead') when 'object' then jsonb_build_object('lead', private.as_lines(r.row -> 'lead'))
            else '{}' end
          || case jsonb_typeof(r.row -> 'parcel')
            when 'object' then jsonb_build_object('parcel', private.as_lines(r.row -> 'parcel')) else '{}' end
          order by r.n)), '[]')
        from jsonb_array_elements(p_rows) with ordinality r (row, n)),
      p_is_last, p_message_id, p_now);
  exception when check_violation or not_null_violation or data_exception then
    return private.apply_import_chunk(p_import_id, p_chunk, p_from_byte, p_next_byte, p_next_line,
      (select coalesce(to_jsonb(array_agg(private.fit_import_row(r.row) order by r.n)), '[]')
        from jsonb_array_elements(p_rows) with ordinality r (row, n)),
      p_is_last, p_message_id, p_now);
  end;
end;
$$;
comment on function private.import_chunk(uuid, integer, bigint, bigint, bigint, jsonb, boolean, bigint, timestamptz) is
  'Applies one chunk of an import in one transaction: leads, phones, parcels, consent, rows merged by options.merge_strategy, '
  'rejected and duplicate rows, warnings, progress, and the next queue message; deletes p_message_id. Does nothing unless the '
  'import is queued or running, and p_chunk and p_from_byte are its next ones. p_rows: [{line, raw: [cells], field, reason}] for '
  'rejected rows, [{line, raw, lead, phones: [{e164, role, field, line_type, consent_status, invalid_reason}], parcel, '
  'warnings: [{field, reason}]}] for the '
  'others. Returns {applied, status}. Security definer: the worker may not write these tables.';
grant execute on function private.import_chunk(uuid, integer, bigint, bigint, bigint, jsonb, boolean, bigint,
  timestamptz) to service_role, worker;

create function private.run_seconds(p_import public.imports, p_now timestamptz)
returns numeric
language sql
volatile
set search_path = ''
as $$
  -- Includes the time that this transaction has taken for the rows it applies; p_now stays the same within it.
  select greatest(extract(epoch from p_now - p_import.run_started_at + (clock_timestamp() - now())), 0.001);
$$;
comment on function private.run_seconds(public.imports, timestamptz) is
  'For how many seconds this run of an import or of its undo has lasted, at least a millisecond; null before the first chunk is '
  'claimed.';

-- schemas/imports/functions/import_control.sql

-- Pause, resume and cancel. Each waits for the chunk in flight, whose transaction has locked the import's row; after the answer
-- no further chunk is applied.

create function private.refuse_import_state(p_import public.imports, p_done text)
returns void
language plpgsql
set search_path = ''
as $$
begin
  perform private.raise_error('PT409', 'invalid_state', format('The import is %s: it can''t be %s.', p_import.status, p_done),
    jsonb_build_object('status', p_import.status));
end;
$$;
comment on function private.refuse_import_state(public.imports, text) is
  'Raises PT409 invalid_state with the message that an import in its current state can''t be paused, resumed or canceled '
  '(p_done).';

create function private.pause_import(p_import_id uuid, p_now timestamptz default now())
returns void
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_import public.imports := private.lock_import(private.require_role('campaign_manager'), p_import_id);
begin
  if v_import.status not in ('queued', 'running') then
    perform private.refuse_import_state(v_import, 'paused');
  end if;
  -- The change of status deletes its queue message. A worker that is working on a chunk now will find that the chunk may not be
  -- applied.
  update public.imports i set status = 'paused', run_started_at = null, rows_per_second = null, seconds_left = null
  where i.id = p_import_id;
  perform private.record_audit_event(v_import.org_id, 'leads_import_paused', null, null, null,
    jsonb_build_object('import_id', p_import_id, 'line', v_import.next_line, 'at', p_now));
end;
$$;
comment on function private.pause_import(uuid, timestamptz) is
  'Campaign managers: pauses an import that is queued or running, after the chunk in flight. Raises PT403, PT404, PT409 '
  'invalid_state. Security definer: users may not write imports.';
grant execute on function private.pause_import(uuid, timestamptz) to authenticated;

create function public.pause_import(p_import_id uuid) returns void
  language sql set search_path = '' as $$ select private.pause_import(p_import_id); $$;
comment on function public.pause_import(uuid) is 'See private.pause_import.';
grant execute on function public.pause_import(uuid) to authenticated;

create function private.resume_import(p_import_id uuid, p_now timestamptz default now())
returns void
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_import public.imports := private.lock_import(private.require_role('campaign_manager'), p_import_id);
  v_file jsonb;
begin
  if v_import.status not in ('paused', 'failed') then
    perform private.refuse_import_state(v_import, 'resumed');
  elsif v_import.undo_total is not null then
    perform private.raise_error('PT409', 'invalid_state',
      'Part of the import was undone: undo the rest, then send the file again.',
      jsonb_build_object('status', v_import.status));
  end if;
  select coalesce(o.metadata, '{}') into v_file from storage.objects o
    where o.bucket_id = 'imports' and o.name = v_import.storage_path;
  -- The position of the next chunk is stored as a byte: in another file this would be another place.
  if v_file is null or (v_file ->> 'size')::bigint <> v_import.file_bytes then
    perform private.raise_error('PT409', 'invalid_state',
      'The file is no longer in storage, or it has changed, so the import can''t go on. Send the file again: rows that are '
      'leads already are recognised by their phones.',
      jsonb_build_object('status', v_import.status));
  end if;
  update public.imports i
  set status = case when i.started_at is null then 'queued' else 'running' end, error_message = null, finished_at = null,
    total_rows = null,
      run_started_at = null, run_from_rows = i.processed_rows, run_from_byte = i.next_byte
  where i.id = p_import_id;
  -- Pausing does not delete a message that a worker was claiming at that moment.
  perform private.drop_work('imports', 'import_id', p_import_id);
  perform private.send_work('imports', v_import.org_id,
    jsonb_build_object('import_id', p_import_id, 'chunk', v_import.next_chunk));
  perform private.call_background_worker();
  perform private.record_audit_event(v_import.org_id, 'leads_import_resumed', null, null, null,
    jsonb_build_object('import_id', p_import_id, 'line', v_import.next_line, 'at', p_now));
end;
$$;
comment on function private.resume_import(uuid, timestamptz) is
  'Campaign managers: continues an import that was paused, or that failed and whose cause is fixed, at the row where it stopped. '
  'Raises PT403, PT404, PT409 invalid_state if it is in another state, was partly undone, or its file is gone. Security definer: '
  'users may not write imports.';
grant execute on function private.resume_import(uuid, timestamptz) to authenticated;

create function public.resume_import(p_import_id uuid) returns void
  language sql set search_path = '' as $$ select private.resume_import(p_import_id); $$;
comment on function public.resume_import(uuid) is 'See private.resume_import.';
grant execute on function public.resume_import(uuid) to authenticated;

create function private.cancel_import(p_import_id uuid, p_now timestamptz default now())
returns void
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_import public.imports := private.lock_import(private.require_role('campaign_manager'), p_import_id);
begin
  if v_import.status not in ('queued', 'running', 'paused') then
    perform private.refuse_import_state(v_import, 'canceled');
  end if;
  update public.imports i
  set status = 'canceled', finished_at = p_now, total_rows = i.processed_rows, run_started_at = null, seconds_left = null,
      error_message = format(
        'It was canceled before line %s. What came before stays: %s new leads, %s rows merged into leads. Undo removes that too.',
        i.next_line, i.imported_rows, i.updated_rows)
  where i.id = p_import_id;
  perform private.record_audit_event(v_import.org_id, 'leads_import_canceled', null, null, null,
    jsonb_build_object('import_id', p_import_id, 'line', v_import.next_line, 'at', p_now));
end;
$$;
comment on function private.cancel_import(uuid, timestamptz) is
  'Campaign managers: ends an import after the chunk in flight. What it imported stays; error_message says how much. Raises '
  'PT403, PT404, PT409 invalid_state. Security definer: users may not write imports.';
grant execute on function private.cancel_import(uuid, timestamptz) to authenticated;

create function public.cancel_import(p_import_id uuid) returns void
  language sql set search_path = '' as $$ select private.cancel_import(p_import_id); $$;
comment on function public.cancel_import(uuid) is 'See private.cancel_import.';
grant execute on function public.cancel_import(uuid) to authenticated;

-- schemas/imports/functions/import_mappings.sql

-- Mappings that people save by name, for further files of the same vendor.

create function private.read_known_mappings(p_columns text[])
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
  v_org_id uuid := private.require_role('viewer');
begin
  perform private.check_shape(to_jsonb(p_columns), private.import_columns_shape(), 'columns');
  return jsonb_build_object(
    'saved', coalesce((
      select to_jsonb(array_agg(jsonb_build_object('id', m.id, 'name', m.name, 'mapping', m.mapping, 'options', m.options,
        'fingerprint', m.fingerprint) order by m.updated_at desc, m.id))
      from public.import_mappings m where m.org_id = v_org_id), '[]'),
    'last_import', (
      select jsonb_build_object('id', i.id, 'created_at', i.created_at, 'mapping', i.mapping)
      from public.imports i
      where i.org_id = v_org_id and i.columns = p_columns and i.status not in ('failed', 'canceled', 'undoing', 'undone')
      order by i.created_at desc limit 1));
end;
$$;
comment on function private.read_known_mappings(text[]) is
  'Viewers: the mappings that the organisation has for a file with these columns: {saved: [{id, name, mapping, options, '
  'fingerprint}], last_import: {id, created_at, mapping}}. last_import is the last import with exactly the same columns, without '
  'imports that failed, were canceled or undone. It is one value, not rows, because the API returns at most 1,000 rows. Security '
  'definer: it checks the role itself.';
grant execute on function private.read_known_mappings(text[]) to authenticated;

create function public.read_known_mappings(p_columns text[])
returns jsonb language sql stable set search_path = ''
as $$ select private.read_known_mappings(p_columns) $$;
comment on function public.read_known_mappings(text[]) is 'See private.read_known_mappings.';
grant execute on function public.read_known_mappings(text[]) to authenticated;

-- schemas/imports/functions/import_merge_phones.sql

create function private.import_merge_phones(p_lead jsonb, p_phones jsonb, p_row jsonb, p_taken text[])
returns jsonb
language plpgsql
immutable
set search_path = ''
as $$
declare
  v_consent text := coalesce(p_row -> 'lead' ->> 'consent_status', 'unknown');
  v_phones jsonb := p_phones;
  v_consents jsonb := '[]';
  v_warnings jsonb := '[]';
  v_phone record;
  v_role text;
  v_after jsonb;
begin
  for v_phone in select p.e164, p.line_type, p.field
    from jsonb_to_recordset(p_row -> 'phones') as p (e164 text, line_type text, field text) loop
    if exists (select from jsonb_array_elements(v_phones) o where o ->> 'e164' = v_phone.e164) then
      continue;
    end if;
    select r.role into v_role
    from unnest(array['primary', 'secondary', 'alternate']) with ordinality r (role, at)
    where not exists (select from jsonb_array_elements(v_phones) o where o ->> 'role' = r.role)
    order by r.at limit 1;
    if v_phone.e164 = any (p_taken) then
      v_warnings := v_warnings || jsonb_build_object('field', v_phone.field, 'reason',
        format('Another lead has the phone %s: it was not added to this one.', v_phone.e164));
    elsif v_role is null then
      v_warnings := v_warnings || jsonb_build_object('field', v_phone.field, 'reason',
        format('The lead has three phones already: %s was not added.', v_phone.e164));
    else
      v_phones := v_phones || jsonb_build_object('e164', v_phone.e164, 'role', v_role, 'line_type', v_phone.line_type,
        'invalid_reason', null,
        'consent_status', case when p_lead ->> 'consent_status' = 'denied' then 'denied' else 'unknown' end);
    end if;
  end loop;

  -- Consent is per phone: granted applies to the phones of its row, denied to all phones of the person, and a phone's own flag
  -- (DNC, litigator) to that phone. least() gives the strictest: denied, granted and unknown are in alphabetical order. A file
  -- may say that a number is wrong, but not that a wrong one is right.
  for v_phone in
    select p.at - 1 as at, p.phone, n.line_type, n.invalid_reason, n.consent_status as own,
      case when n.e164 is not null or v_consent = 'denied' then v_consent end as meant
    from jsonb_array_elements(v_phones) with ordinality p (phone, at)
    left join jsonb_to_recordset(p_row -> 'phones') as n (e164 text, line_type text, consent_status text,
      invalid_reason text) on n.e164 = p.phone ->> 'e164'
  loop
    v_after := v_phone.phone || jsonb_build_object(
      'line_type', coalesce(v_phone.phone ->> 'line_type', v_phone.line_type),
      'invalid_reason', coalesce(v_phone.phone ->> 'invalid_reason', v_phone.invalid_reason),
      'consent_status', least(v_phone.phone ->> 'consent_status', v_phone.meant, v_phone.own));
    if v_after ->> 'consent_status' <> v_phone.phone ->> 'consent_status' then
      v_consents := v_consents || jsonb_build_object('e164', v_after -> 'e164', 'status', v_after -> 'consent_status', 'line',
        p_row -> 'line');
    end if;
    if v_after <> v_phone.phone then
      v_phones := jsonb_set(v_phones, array[v_phone.at::text], v_after || '{"changed": true}');
    end if;
  end loop;
  return jsonb_build_object('phones', v_phones, 'consents', v_consents, 'warnings', v_warnings);
end;
$$;
comment on function private.import_merge_phones(jsonb, jsonb, jsonb, text[]) is
  'A lead''s phones merged with those of a row: {phones, consents: [{e164, status, line}] that changed, warnings: [{field, '
  'reason}]}. New phones get free roles. A phone that another lead has (p_taken), or for which no role is free, becomes a '
  'warning. A line type is taken only if the phone has none, because a lookup overrides a file.';

-- schemas/imports/functions/import_queue.sql

-- The queue of imports. Each import has one message at any time, which names its next chunk and is deleted when the import pauses
-- or ends. If a worker dies, its message becomes visible again. A message for a chunk that is done already is deleted.

create function private.fail_import(p_import_id uuid, p_message_id bigint, p_error text, p_now timestamptz default now())
returns void
language plpgsql
security definer
set search_path = ''
as $$
begin
  update public.imports i
  set status = 'failed', error_message = left(p_error, 2000),
      total_rows = case when i.status = 'undoing' then i.total_rows else i.processed_rows end,
      finished_at = coalesce(i.finished_at, p_now), run_started_at = null, seconds_left = null
  where i.id = p_import_id and i.status in ('queued', 'running', 'undoing');
  perform pgmq.delete('imports', p_message_id);
end;
$$;
comment on function private.fail_import(uuid, bigint, text, timestamptz) is
  'Ends an import or its undo as failed, with an error that people see, and deletes its queue message. What was done stays, and '
  'the import can be resumed or undone from there. Security definer: the worker may not write imports.';
grant execute on function private.fail_import(uuid, bigint, text, timestamptz) to service_role, worker;

create function private.claim_import_chunk(p_visibility_seconds integer default 30, p_max_reads integer default 5,
  p_now timestamptz default now())
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_message pgmq.message_record;
  v_claim jsonb;
begin
  -- Stops after 20 messages, so that what was dropped is committed: a statement that went on until it found work might never end.
  for v_try in 1 .. 20 loop
    v_message := private.read_in_turn('imports', p_visibility_seconds);
    if v_message.msg_id is null then
      return null;
    end if;
    begin
      v_claim := private.import_to_do(v_message, p_max_reads, p_now);
    exception when query_canceled or others then
      raise warning 'import % can neither go on nor be given up: % (%)', v_message.message ->> 'import_id', sqlerrm, sqlstate;
      perform pgmq.set_vt('imports', v_message.msg_id, 3600);
      v_claim := null;
    end;
    if v_claim is not null then
      return v_claim;
    end if;
  end loop;
  return jsonb_build_object('dropped', 20);
end;
$$;
comment on function private.claim_import_chunk(integer, integer, timestamptz) is
  'Claims the next chunk that is due, and hides it from other workers for p_visibility_seconds: the import and where in its file '
  'the chunk begins, or, if undo is true, after which lead. Returns {dropped} after 20 messages with nothing to do: more may be '
  'due. Null if nothing is due. An import whose chunk was begun p_max_reads times and never finished fails. Security definer: '
  'the worker may not read these tables.';
grant execute on function private.claim_import_chunk(integer, integer, timestamptz) to service_role, worker;

create function private.release_import_chunk(p_message_id bigint, p_delay_seconds integer default 0)
returns void
language sql
security definer
set search_path = ''
as $$
  select pgmq.set_vt('imports', p_message_id, p_delay_seconds);
$$;
comment on function private.release_import_chunk(bigint, integer) is
  'Gives back a chunk that can''t be worked on now; it is visible again after p_delay_seconds. Security definer: the worker may '
  'not write the queue itself.';
grant execute on function private.release_import_chunk(bigint, integer) to service_role, worker;

create function private.import_claim(p_message_id bigint, p_read_count integer, p_import public.imports)
returns jsonb
language sql
immutable
set search_path = ''
as $$
  select jsonb_build_object('message_id', p_message_id, 'read_count', p_read_count, 'id', p_import.id)
    || case
      when p_import.status = 'undoing' then jsonb_build_object('undo', true, 'undo_after', p_import.undo_after)
      else jsonb_build_object(
        'undo', false, 'storage_path', p_import.storage_path, 'file_bytes', p_import.file_bytes, 'encoding', p_import.encoding,
        'delimiter', p_import.delimiter, 'columns', p_import.columns, 'mapping', p_import.mapping, 'options', p_import.options,
        'tags', p_import.tags, 'next_byte', p_import.next_byte, 'next_line', p_import.next_line, 'next_chunk',
          p_import.next_chunk)
    end;
$$;
comment on function private.import_claim(bigint, integer, public.imports) is
  'A chunk in the form that the worker gets: what to do, and where to begin.';

create function private.lock_import(p_org_id uuid, p_import_id uuid)
returns public.imports
language plpgsql
set search_path = ''
as $$
declare
  v_import public.imports;
begin
  -- The transaction of a chunk in flight has locked the row: after this lock no chunk is being applied.
  select * into v_import from public.imports i where i.org_id = p_org_id and i.id = p_import_id for no key update;
  if v_import.id is null then
    perform private.raise_error('PT404', 'not_found', 'There is no import with this id.');
  end if;
  return v_import;
end;
$$;
comment on function private.lock_import(uuid, uuid) is
  'Locks an import of an organisation, after the chunk in flight is done, and returns it. Raises PT404.';

create function private.undo_import(p_import_id uuid, p_now timestamptz default now())
returns void
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_import public.imports := private.lock_import(private.require_role('campaign_manager'), p_import_id);
begin
  if v_import.status in ('queued', 'running', 'paused') then
    perform private.raise_error('PT409', 'invalid_state',
      format('The import is %s. Cancel it first, then undo it.', v_import.status),
      jsonb_build_object('status', v_import.status));
  elsif v_import.status in ('undoing', 'undone') then
    perform private.raise_error('PT409', 'invalid_state',
      case v_import.status when 'undone' then 'The import was undone already.' else 'The import is being undone.' end,
      jsonb_build_object('status', v_import.status));
  elsif coalesce(v_import.started_at, v_import.created_at) < p_now - interval '90 days' then
    perform private.raise_error('PT409', 'invalid_state',
      'The import is older than 90 days: the former values of leads are no longer stored, so it can''t be undone.',
      jsonb_build_object('status', v_import.status, 'started_at', v_import.started_at));
  end if;
  update public.imports i
  set status = 'undoing', run_started_at = null, run_from_rows = i.undone_rows + i.kept_rows + i.hidden_rows,
    rows_per_second = null,
      seconds_left = null,
      undo_total = coalesce(i.undo_total, i.imported_rows + (
        select count(*) from private.import_changes j where j.import_id = p_import_id and j.before is not null))
  where i.id = p_import_id
  returning * into v_import;
  perform private.send_undo(v_import);
  perform private.call_background_worker();
  perform private.record_audit_event(v_import.org_id, 'leads_import_undo_started', null, null, null,
    jsonb_build_object('import_id', p_import_id, 'leads', v_import.undo_total));
end;
$$;
comment on function private.undo_import(uuid, timestamptz) is
  'Campaign managers: begins to undo an import that has ended; the worker does it in chunks. An undo that failed continues where '
  'it stopped. Raises PT403, PT404, PT409 invalid_state if the import has not ended, was undone, or is older than 90 days. '
  'Security definer: users may not write imports.';
grant execute on function private.undo_import(uuid, timestamptz) to authenticated;

create function public.undo_import(p_import_id uuid) returns void
  language sql set search_path = '' as $$ select private.undo_import(p_import_id); $$;
comment on function public.undo_import(uuid) is 'See private.undo_import.';
grant execute on function public.undo_import(uuid) to authenticated;

create function private.prune_imports(p_now timestamptz default now(), p_limit integer default 10000, p_org_id uuid default null)
returns void
language sql
set search_path = ''
as $$
  delete from private.import_changes j where (j.import_id, j.lead_id) in (
    select x.import_id, x.lead_id
    from private.import_changes x join public.imports i on i.id = x.import_id
    where x.created_at < p_now - interval '90 days' and i.status <> 'undoing'
      and (p_org_id is null or i.org_id = p_org_id)
        and i.org_id <> all ((select private.resting_orgs('prune_imports', p_org_id, p_now))::uuid[])
    order by x.created_at limit p_limit);
$$;
comment on function private.prune_imports(timestamptz, integer, uuid) is
  'Deletes the journal of imports after 90 days, up to p_limit leads: such imports can no longer be undone. p_org_id: only this '
  'organisation; null: all except those for which this work is resting.';

create function private.import_to_do(p_message pgmq.message_record, p_max_reads integer, p_now timestamptz)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  v_undo boolean := coalesce((p_message.message ->> 'undo')::boolean, false);
  v_import public.imports;
begin
  select * into v_import from public.imports i where i.id = (p_message.message ->> 'import_id')::uuid;
  if v_import.id is null
    or v_undo and (v_import.status <> 'undoing' or v_import.undo_after is distinct from (p_message.message ->> 'after')::uuid)
    or not v_undo and (v_import.status not in ('queued', 'running')
      or v_import.next_chunk <> (p_message.message ->> 'chunk')::integer)
  then
    perform pgmq.delete('imports', p_message.msg_id);
    return null;
  elsif p_message.read_ct > p_max_reads then
    perform private.fail_import(v_import.id, p_message.msg_id, case
      when v_undo then format(
        'The undo stopped %s times after %s leads and was given up. Undo the import again to go on from there.',
        p_max_reads, v_import.undone_rows + v_import.kept_rows + v_import.hidden_rows)
      else format(
        'The import stopped %s times at line %s and was given up. What came before that line is imported. Resume it to go on '
        'from there.',
        p_max_reads, v_import.next_line)
    end, p_now);
    return null;
  elsif v_import.run_started_at is null then
    update public.imports i set run_started_at = p_now where i.id = v_import.id;
  end if;
  return private.import_claim(p_message.msg_id, p_message.read_ct, v_import) || jsonb_build_object('org_id', v_import.org_id);
end;
$$;
comment on function private.import_to_do(pgmq.message_record, integer, timestamptz) is
  'The chunk that a message of the queue of imports is for, in the form that claim_import_chunk returns. Deletes the message and '
  'returns null if the chunk is done already, or if it was read more than p_max_reads times and the import is given up.';

-- schemas/imports/functions/import_refusals.sql

-- A "no" of a file holds whatever becomes of its row: a row that is left out as a duplicate still denies the lead that has its
-- phone, and a phone that is denied is denied in every lead that has it.

create function private.has_refusal(p_rows jsonb)
returns boolean
language sql
immutable
set search_path = ''
as $$
  select jsonb_path_exists(p_rows, '$[*] ? (@.lead.consent_status == "denied"
    || exists(@.phones[*] ? (@.consent_status == "denied" || @.invalid_reason != null)))');
$$;
comment on function private.has_refusal(jsonb) is
  'Whether a row of an import, or one of a list of rows, denies its person or one of its phones, or calls one of them wrong.';

create function private.merge_refusals(p_import public.imports, p_rows jsonb, p_duplicates jsonb, p_now timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
declare
  v_refusals jsonb := (
    select to_jsonb(array_agg(r.input)) from jsonb_array_elements(p_rows) as r (input)
    where p_duplicates ? (r.input ->> 'line') and private.has_refusal(r.input));
  v_known text[];
  v_changed jsonb;
begin
  if v_refusals is null then
    return;
  end if;
  v_known := array(
    select k.e164 from private.find_phone_leads(p_import.org_id, array(
      select distinct p.e164 from jsonb_to_recordset(v_refusals) as r (phones jsonb)
      cross join lateral jsonb_to_recordset(r.phones) as p (e164 text))) k);
  -- Nothing but the refusal is left of a row: no new phones, no tags, no parcel.
  p_import.tags := '{}';
  p_import.options := p_import.options || '{"merge_strategy": "add_phones"}';
  v_refusals := (
    select to_jsonb(array_agg(jsonb_build_object(
      'line', r.line,
      'lead', case when r.lead ->> 'consent_status' = 'denied' then '{"consent_status": "denied"}'::jsonb else '{}' end,
      'phones', (
        select to_jsonb(array_agg(jsonb_build_object('e164', p.e164, 'invalid_reason', p.invalid_reason,
          'consent_status', case when p.consent_status = 'denied' then 'denied' end)))
        from jsonb_to_recordset(r.phones) as p (e164 text, consent_status text, invalid_reason text)
        where p.e164 = any (v_known))) order by r.line))
    from jsonb_to_recordset(v_refusals) as r (line bigint, lead jsonb, phones jsonb));
  v_changed := private.merge_chunk(p_import, v_refusals, p_now) -> 'changed';
  if v_changed <> '[]' then
    perform private.write_merged_leads(p_import, v_changed, p_now);
    perform private.journal_import_changes(p_import, v_changed, p_now);
  end if;
end;
$$;
comment on function private.merge_refusals(public.imports, jsonb, jsonb, timestamptz) is
  'Applies what the rows left out as duplicates (p_duplicates: {line: ...}) deny to the leads that have their phones: consent '
  'and wrong numbers, nothing else. The leads of the other rows are inserted before. The caller holds the locks of lock_chunk.';

-- schemas/imports/functions/import_shapes.sql

create function private.import_columns_shape()
returns jsonb
language sql
immutable
set search_path = ''
as $$
  -- A column's name has at most 200 characters of the file, plus a number if another column has the same name.
  select private.list_shape(private.text_shape(210, 1), 500, 1) || '{"maxBytes": 131072}';
$$;
comment on function private.import_columns_shape() is 'The shape of the names of a file''s columns.';

create function private.import_file_shape()
returns jsonb
language sql
immutable
set search_path = ''
as $$
  select private.object_shape(jsonb_build_object(
    'file_name', private.text_shape(300, 1),
    'file_bytes', '{"type": "integer", "minimum": 1, "maximum": 104857600}'::jsonb,
    'content_hash',
      '{"type": "string", "pattern": "^[0-9a-f]{64}$", "maxLength": 64,
        "description": "SHA-256 of the file in hexadecimal."}'::jsonb,
    'encoding', private.word_shape('utf-8', 'utf-16le', 'utf-16be', 'windows-1252', 'macintosh'),
    'delimiter', '{"type": "string", "minLength": 1, "maxLength": 1, "pattern": "[^\"\n\r]", "description": "one character, and '
      'no quotation mark."}'::jsonb,
    'columns', private.import_columns_shape(),
    'next_byte', '{"type": "integer", "minimum": 0, "maximum": 104857600}'::jsonb,
    'next_line', '{"type": "integer", "minimum": 1, "maximum": 104857600}'::jsonb),
    '{file_name,file_bytes,content_hash,encoding,delimiter,columns,next_byte,next_line}');
$$;
comment on function private.import_file_shape() is 'The shape of the description of a file that is to be imported.';

create function private.import_mapping_shape()
returns jsonb
language sql
immutable
set search_path = ''
as $$
  select jsonb_build_object(
    'type', 'object', 'maxBytes', 131072, 'maxProperties', 500, 'properties', '{}'::jsonb, 'propertyNames',
      private.text_shape(210, 1),
    'additionalProperties', private.word_shape(
      'first_name', 'last_name', 'full_name', 'primary_phone', 'secondary_phone', 'alternate_phone', 'other_phone',
      'primary_phone_type', 'secondary_phone_type', 'alternate_phone_type',
      'primary_phone_dnc', 'secondary_phone_dnc', 'alternate_phone_dnc', 'other_phone_dnc', 'phone_dnc',
      'primary_phone_consent', 'secondary_phone_consent', 'alternate_phone_consent', 'other_phone_consent', 'phone_consent',
      'primary_phone_status', 'secondary_phone_status', 'alternate_phone_status', 'other_phone_status', 'phone_status',
      'email', 'address1', 'address2', 'city', 'state', 'postal_code', 'city_state_zip', 'country', 'county', 'language',
      'status', 'lead_score', 'consent_status', 'source', 'notes', 'tags', 'apn', 'situs', 'property_state',
      'property_city_state_zip', 'property_type', 'acreage', 'estimated_value', 'custom_field', 'ignore'));
$$;
comment on function private.import_mapping_shape() is
  'The shape of a mapping, {column: field}. The fields are those of _shared/csv/import-fields.ts.';

create function private.import_options_shape()
returns jsonb
language sql
immutable
set search_path = ''
as $$
  select private.object_shape(jsonb_build_object(
    'merge_strategy', private.word_shape('skip', 'update', 'fill', 'add_phones', 'create'),
    'allow_repeat', '{"type": "boolean"}'::jsonb,
    'keep_case', '{"type": "boolean"}'::jsonb,
    'auto_tags', private.object_shape(jsonb_build_object(
      'time', '{"type": "boolean"}'::jsonb, 'geographic', '{"type": "boolean"}'::jsonb, 'property', '{"type": "boolean"}'::jsonb,
      'upload_date', private.null_or('{"type": "string", "maxLength": 40, "pattern": '
        '"^(19|20|21)[0-9]{2}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])($|T)", "description": "a date, like 2026-01-31."}')))));
$$;
comment on function private.import_options_shape() is
  'The shape of an import''s options. The options of a saved mapping have tags in addition, but not allow_repeat.';

-- schemas/imports/functions/import_uploads.sql

-- Files that people store in Storage by a signed link before they are previewed and imported, and which files of the bucket are
-- to be removed. Storage's own API removes them (background-worker/remove-import-files.ts): deleting a row with SQL leaves the
-- bytes of the file behind.

create function private.create_import_upload(p_file_name text, p_file_bytes bigint, p_now timestamptz default now())
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_org_id uuid := private.lock_own_org('campaign_manager');
  v_upload public.import_uploads;
begin
  perform private.check_shape(jsonb_build_object('file_name', p_file_name, 'file_bytes', p_file_bytes),
    private.object_shape(jsonb_build_object(
    'file_name', private.text_shape(300, 1), 'file_bytes', private.import_file_shape() #> '{properties,file_bytes}')));
  if (select count(*) from public.import_uploads u
    where u.org_id = v_org_id and u.created_at > p_now - interval '1 hour') >= 200 then
    perform private.raise_error('PT429', 'rate_limited',
      'Your organisation asked for 200 uploads within an hour. Use those, or wait.');
  elsif (select count(*) from private.open_uploads(v_org_id, p_now)) >= 20 then
    perform private.raise_error('PT429', 'rate_limited',
      'Your organisation has 20 uploads without a file, which is the limit: send those files, or wait until the uploads '
      'expire, two hours after they were requested.');
  end if;
  perform private.require_storage(v_org_id, p_file_bytes, p_now);
  insert into public.import_uploads (org_id, file_name, file_bytes, created_by, created_at, expires_at)
  values (v_org_id, p_file_name, p_file_bytes, (select u.id from public.users u where u.id = auth.uid()), p_now,
    p_now + interval '2 hours')
  returning * into v_upload;
  return jsonb_build_object('upload_id', v_upload.id, 'path', v_org_id || '/' || v_upload.id || '.csv', 'expires_at',
    v_upload.expires_at);
end;
$$;
comment on function private.create_import_upload(text, bigint, timestamptz) is
  'Campaign managers: announces the upload of a file of p_file_bytes bytes: {upload_id, path, expires_at}. The API signs the '
  'link. Raises PT403, PT409 storage_full, PT422, and PT429 above 200 uploads an hour or 20 without a file, because uploaded '
  'files are kept for a day. Security definer: users may not write uploads.';
grant execute on function private.create_import_upload(text, bigint, timestamptz) to authenticated;

create function public.create_import_upload(p_file_name text, p_file_bytes bigint)
returns jsonb language sql set search_path = ''
as $$ select private.create_import_upload(p_file_name, p_file_bytes) $$;
comment on function public.create_import_upload(text, bigint) is 'See private.create_import_upload.';
grant execute on function public.create_import_upload(text, bigint) to authenticated;

create function private.stale_import_files(p_limit integer default 100, p_now timestamptz default now())
returns text[]
language sql
stable
security definer
set search_path = ''
as $$
  select coalesce(array_agg(f.name), '{}')
  from (
    select o.name
    from storage.objects o
    cross join lateral (select substring(o.name from
      '^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\.csv$')::uuid as id) file
    left join public.imports i on i.id = file.id
    left join public.import_uploads u on u.id = file.id
    -- Files whose names have another form are not ours and are never removed here.
    where o.bucket_id = 'imports' and file.id is not null and (
      (i.id is null and o.created_at < p_now - interval '1 day')
      or (i.id is null and u.file_bytes <> (o.metadata ->> 'size')::bigint and o.created_at < p_now - interval '10 minutes')
      or (i.finished_at < p_now - interval '30 days'))
    order by o.created_at limit p_limit
  ) f;
$$;
comment on function private.stale_import_files(integer, timestamptz) is
  'Files of bucket imports that are to be removed: those a day old without an import (abandoned uploads, and files left by a '
  'function that died), those of another size than announced, and those of imports that ended 30 days ago. Security definer: the '
  'worker may not read Storage''s tables.';
grant execute on function private.stale_import_files(integer, timestamptz) to worker;

create function private.kick_file_removal(p_now timestamptz default now())
returns boolean
language sql
set search_path = ''
as $$
  select cardinality(private.stale_import_files(1, p_now)) > 0
    and private.call_function('/background-worker/remove-import-files');
$$;
comment on function private.kick_file_removal(timestamptz) is
  'Posts to the background worker if files of imports are to be removed; returns whether it did. If a call is lost, the next one '
  'does its work.';

create function private.prune_import_uploads(p_now timestamptz default now(), p_org_id uuid default null)
returns integer
language plpgsql
set search_path = ''
as $$
declare
  v_resting uuid[] := private.resting_orgs('prune_uploads', p_org_id, p_now);
  v_count integer;
begin
  delete from public.import_uploads u where u.created_at < p_now - interval '1 day' and (p_org_id is null or u.org_id = p_org_id)
    and u.org_id <> all (v_resting);
  get diagnostics v_count = row_count;
  return v_count;
end;
$$;
comment on function private.prune_import_uploads(timestamptz, uuid) is
  'Deletes uploads that are a day old, imported or not; returns how many. stale_import_files finds their files. p_org_id: only '
  'this organisation; null: all except those for which this work is resting.';

create function private.open_uploads(p_org_id uuid, p_now timestamptz default now())
returns setof public.import_uploads
language sql
stable
set search_path = ''
as $$
  select u.* from public.import_uploads u
  where u.org_id = p_org_id and u.expires_at > p_now
    and not exists (select from storage.objects o where o.bucket_id = 'imports' and o.name = p_org_id || '/' || u.id || '.csv');
$$;
comment on function private.open_uploads(uuid, timestamptz) is 'Uploads of an organisation whose file may still arrive.';

-- schemas/imports/functions/insert_chunk_leads.sql

create function private.insert_chunk_leads(p_import public.imports, p_rows jsonb, p_left_out jsonb, p_now timestamptz)
returns integer
language plpgsql
set search_path = ''
as $$
declare
  v_count integer;
begin
  -- Ids in the order of time: random ids touch another page of ten indexes for every row, which halved the rate at 200,000 leads.
  with rows as materialized (
    select private.uuid_v7() as lead_id, r.line, r.lead, r.phones, r.consents,
      coalesce(r.parcels, case when r.parcel is not null then jsonb_build_array(r.parcel) end) as parcels,
      coalesce(r.lead ->> 'consent_status', 'unknown') as consent_status
    from jsonb_to_recordset(p_rows) as r (line bigint, reason text, lead jsonb, phones jsonb, parcel jsonb, parcels jsonb,
      consents jsonb)
    where r.reason is null and not p_left_out ? r.line::text
  ),
  phones as materialized (
    select r.lead_id, r.line, r.consents is null as is_plain, coalesce(p.consent_status, r.consent_status) as consent_status,
      p.e164, p.role, p.line_type, p.invalid_reason
    from rows r
    cross join lateral jsonb_to_recordset(r.phones) as p (
      e164 text, role text, line_type text, consent_status text, invalid_reason text)
  ),
  new_leads as (
    insert into public.leads (
      id, org_id, first_name, last_name, language, email, address1, address2, city, state, postal_code, county, status,
        lead_score,
      consent_status, source, notes, tags, custom_fields, import_id, created_at, updated_at,
      -- The same values that the triggers on phones and parcels would write, so that these leave the row alone.
      phone_digits, apn_text, parcel_counties)
    select r.lead_id, p_import.org_id, l.first_name, l.last_name, l.language, l.email, l.address1, l.address2, l.city, l.state,
      l.postal_code, l.county, coalesce(l.status, 'new'), coalesce(l.lead_score, 'cold'), r.consent_status, l.source, l.notes,
      coalesce(l.tags, '{}'), coalesce(l.custom_fields, '{}'), p_import.id, p_now, p_now,
      (select string_agg(substr(p.e164, 3), ' ' order by p.role desc)
        from jsonb_to_recordset(r.phones) as p (e164 text, role text)),
      private.apn_text(array(select distinct p.apn from jsonb_to_recordset(r.parcels) as p (apn text) where p.apn is not null
        order by p.apn)),
      private.parcel_counties(array(select distinct p.county from jsonb_to_recordset(r.parcels) as p (county text)))
    from rows r
    cross join lateral jsonb_to_record(r.lead) as l (
      first_name text, last_name text, language text, email text, address1 text, address2 text, city text, state text,
      postal_code text, county text, status text, lead_score text, source text, notes text, tags text[], custom_fields jsonb)
  ),
  new_phones as (
    insert into public.lead_phones (id, org_id, lead_id, e164, role, line_type, consent_status, is_valid, invalid_reason)
    select private.uuid_v7(), p_import.org_id, p.lead_id, p.e164, p.role, p.line_type, p.consent_status,
      p.invalid_reason is null, p.invalid_reason
    from phones p
  ),
  new_parcels as (
    insert into public.lead_properties (
      id, org_id, lead_id, apn, county, state, situs, property_type, acreage, estimated_value, created_at, updated_at)
    select private.uuid_v7(), p_import.org_id, r.lead_id, p.apn, p.county, p.state, p.situs, p.property_type, p.acreage,
      p.estimated_value, p_now, p_now
    from rows r
    cross join lateral jsonb_to_recordset(r.parcels) as p (
      apn text, county text, state text, situs text, property_type text, acreage numeric, estimated_value numeric)
  ),
  new_consent as (
    insert into public.consent_records (org_id, e164, lead_id, import_id, status, method, evidence, recorded_at, recorded_by)
    select p_import.org_id, c.e164, c.lead_id, p_import.id, case c.status when 'granted' then 'granted'
      else 'revoked' end, 'import',
      format('Import %s, file %s, line %s', p_import.id, p_import.file_name, c.line), p_now, p_import.created_by
    from (
      select p.lead_id, p.e164, p.consent_status as status, p.line from phones p
        where p.is_plain and p.consent_status <> 'unknown'
      union all
      select r.lead_id, c.e164, c.status, c.line
      from rows r cross join lateral jsonb_to_recordset(r.consents) as c (e164 text, status text, line bigint)
    ) c
  )
  select count(*) into v_count from rows;
  return v_count;
end;
$$;
comment on function private.insert_chunk_leads(public.imports, jsonb, jsonb, timestamptz) is
  'Inserts leads with phones, parcels and consent: the rows of a chunk, except rejected rows and those of p_left_out ({line: '
  '...}), or leads that merging made. Returns how many.';

-- schemas/imports/functions/merge_chunk.sql

-- Merges the rows of a chunk that share a phone with a lead or with each other, in the order of the file. Leads are read once,
-- changed in memory row by row, and written once.

create function private.import_images(p_lead_ids uuid[])
returns table (lead_id uuid, image jsonb)
language plpgsql
stable
set search_path = ''
-- Forces one index lookup for each lead, whatever the statistics say: see find_phone_leads.
set enable_seqscan = off
set enable_bitmapscan = off
as $$
begin
  return query
  select x.id, jsonb_build_object(
    'lead', to_jsonb(l) - array['full_name', 'search_text', 'county_keys'],
    'phones', coalesce((
      select to_jsonb(array_agg(to_jsonb(p) - array['org_id', 'lead_id', 'is_primary'] order by p.role desc))
      from (select * from public.lead_phones o where o.lead_id = x.id offset 0) p), '[]'),
    'parcels', coalesce((
      select to_jsonb(array_agg(to_jsonb(p) - array['org_id', 'lead_id'] order by p.created_at, p.id))
      from (select * from public.lead_properties o where o.org_id = l.org_id and o.lead_id = x.id offset 0) p), '[]'))
  from unnest(p_lead_ids) as x (id)
  cross join lateral (select * from public.leads o where o.id = x.id offset 0) l
  order by x.id;
end;
$$;
comment on function private.import_images(uuid[]) is
  'Leads with their current values, by id: {lead, phones, parcels}, with all columns except generated ones.';

create function private.lock_import_leads(p_lead_ids uuid[])
returns void
language plpgsql
set search_path = ''
set enable_seqscan = off
set enable_bitmapscan = off
as $$
begin
  perform 1 from public.leads l where l.id = any (p_lead_ids) order by l.id for no key update;
end;
$$;
comment on function private.lock_import_leads(uuid[]) is
  'Locks leads in the order of their ids. The caller holds the locks of their contacts.';

create function private.lock_import_contacts(p_org_id uuid, p_e164s text[], p_lead_ids uuid[])
returns boolean
language plpgsql
set search_path = ''
set enable_seqscan = off
as $$
declare
  v_locked text[];
begin
  -- Besides their phones, also the phones at which campaigns still write to these leads, because opt-outs and new addresses
  -- change those targets.
  v_locked := p_e164s || array(
    select p.e164 from unnest(p_lead_ids) as x (id)
    cross join lateral (select o.e164 from public.lead_phones o where o.lead_id = x.id offset 0) p
    union
    select t.e164 from unnest(p_lead_ids) as x (id)
    cross join lateral (
      select o.e164 from public.campaign_targets o
      where o.lead_id = x.id and o.state in ('waiting', 'queued', 'sending', 'unknown') offset 0) t);
  perform private.lock_contacts(p_org_id, v_locked);
  return not exists (
    select from unnest(p_lead_ids) as x (id)
    cross join lateral (select o.e164 from public.lead_phones o where o.lead_id = x.id offset 0) p
    where p.e164 not in (select unnest(v_locked)));
end;
$$;
comment on function private.lock_import_contacts(uuid, text[], uuid[]) is
  'Locks the contacts of p_e164s, and of all phones at which these leads are written to, in one statement in E.164 order. '
  'Returns false if a lead got another phone before the locks were obtained: the caller must release the locks and try again.';

create function private.lock_chunk(p_org_id uuid, p_e164s text[])
returns void
language plpgsql
set search_path = ''
as $$
declare
  v_lead_ids uuid[];
begin
  for v_try in 1 .. 10 loop
    v_lead_ids := array(select distinct k.lead_id from private.find_phone_leads(p_org_id, p_e164s) k);
    begin
      -- Both must be true while the locks are held: the same leads have these phones, and all their phones are locked.
      if private.lock_import_contacts(p_org_id, p_e164s, v_lead_ids)
        and array(select distinct k.lead_id from private.find_phone_leads(p_org_id, p_e164s) k) <@ v_lead_ids
      then
        perform private.lock_import_leads(v_lead_ids);
        return;
      end if;
      -- A lock taken out of order could deadlock, so all locks are released first.
      raise exception using errcode = 'PTLCK', message = 'leads changed while their contacts were being locked';
    exception when sqlstate 'PTLCK' then
      null;
    end;
  end loop;
  raise exception using errcode = '40001', message = 'leads changed while their contacts were being locked, ten times';
end;
$$;
comment on function private.lock_chunk(uuid, text[]) is
  'Locks what merging rows with these phones may change: contacts in E.164 order, then leads by id. Raises 40001 if other '
  'transactions keep changing the leads: the chunk is tried again later.';

create function private.merge_chunk(p_import public.imports, p_rows jsonb, p_now timestamptz)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  v_strategy text := p_import.options ->> 'merge_strategy';
  v_known jsonb;
  v_lead_ids uuid[];
  v_states jsonb[];
  v_count integer;
  v_owners integer[];
  v_row record;
  v_at integer;
  v_input jsonb;
  v_updated integer := 0;
  v_lines text[];
begin
  select coalesce(jsonb_object_agg(k.e164, k.lead_id), '{}'), coalesce(array_agg(distinct k.lead_id), '{}')
    into v_known, v_lead_ids
  from private.find_phone_leads(p_import.org_id, array(
    select distinct p.e164
    from jsonb_to_recordset(p_rows) as r (phones jsonb) cross join lateral jsonb_to_recordset(r.phones) as p (e164 text))) k;
  select array_agg(i.image || jsonb_build_object('before', i.image, 'consents', '[]'::jsonb, 'warnings', '[]'::jsonb,
    'identities', private.parcel_identities(i.image -> 'parcels')) order by i.lead_id)
  into v_states from private.import_images(v_lead_ids) i;
  v_count := cardinality(v_lead_ids);

  -- Phones are numbered. v_owners has, by number, the index in v_states of the lead that has the phone: arrays, because they are
  -- read for every row.
  for v_row in
    with phones as materialized (
      select r.at as row_at, p.at, p.phone ->> 'e164' as e164, v_known ->> (p.phone ->> 'e164') as lead_id
      from jsonb_array_elements(p_rows) with ordinality r (input, at)
      cross join lateral jsonb_array_elements(r.input -> 'phones') with ordinality p (phone, at)
    ),
    numbered as materialized (
      select p.*, dense_rank() over (order by p.e164) as number, count(*) over (partition by p.e164) > 1
        or p.lead_id is not null as is_shared
      from phones p
    )
    select n.row_at, array_agg(n.number::integer order by n.at) as numbers, array_agg(n.e164 order by n.at) as e164s,
      array_agg(array_position(v_lead_ids, n.lead_id::uuid) order by n.at) as found
    from numbered n group by n.row_at having bool_or(n.is_shared) order by n.row_at
  loop
    v_input := p_rows -> (v_row.row_at - 1)::integer;
    v_lines[coalesce(cardinality(v_lines), 0) + 1] := v_input ->> 'line';
    v_at := null;
    for i in 1 .. cardinality(v_row.numbers) loop
      v_owners[v_row.numbers[i]] := coalesce(v_owners[v_row.numbers[i]], v_row.found[i]);
      v_at := coalesce(v_at, v_owners[v_row.numbers[i]]);
    end loop;
    if v_at is null then
      v_count := v_count + 1;
      v_at := v_count;
      v_states[v_at] := private.import_first_row(v_input);
    else
      v_updated := v_updated + 1;
      v_states[v_at] := private.import_merge_row(v_states[v_at], v_input, v_strategy, p_import.tags, array(
        select v_row.e164s[i] from generate_subscripts(v_row.numbers, 1) i where v_owners[v_row.numbers[i]] <> v_at));
    end if;
    for i in 1 .. cardinality(v_row.numbers) loop
      if v_owners[v_row.numbers[i]] is null
        and jsonb_path_exists(v_states[v_at], '$.phones[*].e164 ? (@ == $e)', jsonb_build_object('e', v_row.e164s[i]))
      then
        v_owners[v_row.numbers[i]] := v_at;
      end if;
    end loop;
  end loop;

  return jsonb_build_object(
    'updated', v_updated,
    'shared', coalesce((select jsonb_object_agg(s.line, true) from unnest(v_lines) as s (line)), '{}'),
    'made', coalesce((select to_jsonb(array_agg(s)) from unnest(v_states[cardinality(v_lead_ids) + 1:]) s), '[]'),
    'changed', coalesce((
      select to_jsonb(array_agg(s)) from unnest(v_states[:cardinality(v_lead_ids)]) s where (s -> 'changed')::boolean), '[]'),
    'warnings', coalesce((
      select to_jsonb(array_agg(w || jsonb_build_object('lead_id', s -> 'lead' -> 'id')))
      from unnest(v_states) s cross join lateral jsonb_array_elements(s -> 'warnings') w), '[]'));
end;
$$;
comment on function private.merge_chunk(public.imports, jsonb, timestamptz) is
  'Merges the rows of a chunk that share a phone with a lead or an earlier row, by the import''s strategy (update, fill, '
  'add_phones). Writes nothing. Returns {shared: {line: true}, updated: number of rows, made: [leads to be inserted], changed: '
  '[existing leads to be written], warnings: [{line, field, reason, lead_id}]}. A row is merged into the oldest lead that has '
  'the row''s first known phone. The caller holds the locks.';

-- schemas/imports/functions/merge_rows.sql

-- How a row of an import is merged into a lead: pure functions over JSON that read no tables. While a chunk is processed, a lead
-- is {lead, phones: [{id, e164, role, line_type, consent_status, invalid_reason}], parcels: [{id, ...}], identities: [what each
-- parcel is compared by]}. A phone or parcel without id is new; one with changed: true is to be written.

create function private.parcel_identities(p_parcels jsonb)
returns jsonb
language sql
immutable
set search_path = ''
as $$
  select coalesce(to_jsonb(array_agg(
    private.identify_parcel(jsonb_populate_record(null::public.lead_properties, p.parcel)) order by p.at)), '[]')
  from jsonb_array_elements(p_parcels) with ordinality p (parcel, at);
$$;
comment on function private.parcel_identities(jsonb) is 'What each parcel of a list is compared by (private.identify_parcel).';

create function private.import_merge_parcel(p_state jsonb, p_parcel jsonb, p_strategy text)
returns jsonb
language plpgsql
immutable
set search_path = ''
as $$
declare
  v_parcels jsonb := p_state -> 'parcels';
  v_identities jsonb := p_state -> 'identities';
  v_warnings jsonb := '[]';
  v_new jsonb := jsonb_strip_nulls(p_parcel);
  v_identity private.parcel_identity;
  v_at integer;
  v_before jsonb;
  v_after jsonb;
begin
  if v_new <> '{}' then
    v_identity := private.identify_parcel(jsonb_populate_record(null::public.lead_properties, v_new));
    select i.at - 1 into v_at
    from jsonb_array_elements(v_identities) with ordinality i (identity, at)
    where i.identity ->> 'own' = v_identity.own
      and private.same_parcel(jsonb_populate_record(null::private.parcel_identity, i.identity), v_identity)
    order by i.at limit 1;
    v_before := v_parcels -> v_at;
    v_after := case
      -- The parcel number is the same, however it is written.
      when p_strategy = 'update' and v_before ->> 'apn' is not null then v_before || (v_new - 'apn')
      when p_strategy = 'update' then v_before || v_new
      when p_strategy = 'fill' then v_new || jsonb_strip_nulls(v_before)
      else v_before
    end;
    if v_at is null and jsonb_array_length(v_parcels) >= 100 then
      v_warnings := '[{"reason": "A lead has at most 100 parcels: that of this row was not added."}]';
    elsif v_at is null then
      v_parcels := v_parcels || v_new;
      v_identities := v_identities || to_jsonb(v_identity);
    elsif jsonb_strip_nulls(v_after) <> jsonb_strip_nulls(v_before) then
      v_identity := private.identify_parcel(jsonb_populate_record(null::public.lead_properties, v_after));
      v_parcels := jsonb_set(v_parcels, array[v_at::text], v_after || '{"changed": true}');
      v_identities := jsonb_set(v_identities, array[v_at::text], to_jsonb(v_identity));
    end if;
  end if;
  return jsonb_build_object('parcels', v_parcels, 'identities', v_identities, 'warnings', v_warnings);
end;
$$;
comment on function private.import_merge_parcel(jsonb, jsonb, text) is
  'The parcels of p_state merged with that of a row (private.same_parcel): {parcels, identities, warnings}. Another parcel is '
  'added, up to 100. The same parcel takes all values of the row (update), only those it lacks (fill), or none (add_phones).';

create function private.outlasts_import(p_before text, p_in_file text)
returns boolean
language sql
immutable
set search_path = ''
as $$
  -- A file was often exported before the deal began.
  select p_before = 'do_not_contact'
    or p_before = any (private.deal_stages()) and p_in_file <> all (private.deal_stages() || 'do_not_contact'::text);
$$;
comment on function private.outlasts_import(text, text) is
  'Whether a lead''s status stays although a file says another one: do_not_contact always does, and the stage of a deal unless '
  'the file says do_not_contact or another stage.';

create function private.import_merge_row(p_state jsonb, p_row jsonb, p_strategy text, p_import_tags text[], p_taken text[])
returns jsonb
language plpgsql
immutable
set search_path = ''
as $$
declare
  v_before jsonb := p_state -> 'lead';
  v_row jsonb := jsonb_strip_nulls(p_row -> 'lead');
  v_values jsonb := v_row - array['tags', 'custom_fields', 'consent_status'];
  v_custom jsonb := coalesce(v_row -> 'custom_fields', '{}');
  v_lead jsonb := v_before;
  v_phones jsonb;
  v_land jsonb;
  v_tags text[];
  v_warnings jsonb;
begin
  if p_strategy = 'update' then
    if private.outlasts_import(v_before ->> 'status', v_values ->> 'status') then
      v_values := v_values - 'status';
    end if;
    v_lead := v_lead || v_values || jsonb_build_object('custom_fields', (v_before -> 'custom_fields') || v_custom);
  elsif p_strategy = 'fill' then
    v_lead := v_lead || coalesce(
      (select jsonb_object_agg(n.key, n.value) from jsonb_each(v_values) n where coalesce(v_before ->> n.key, '') = ''), '{}')
      || jsonb_build_object('custom_fields', v_custom || (v_before -> 'custom_fields'));
  end if;

  v_tags := array(select jsonb_array_elements_text(v_before -> 'tags'));
  v_tags := v_tags || array(
    select t.tag
    from unnest(case when p_strategy = 'add_phones' then p_import_tags
      else array(select jsonb_array_elements_text(coalesce(v_row -> 'tags', '[]'))) end) with ordinality t (tag, at)
    where t.tag <> all (v_tags)
    group by t.tag order by min(t.at));
  v_phones := private.import_merge_phones(v_before, p_state -> 'phones', p_row, p_taken);
  v_land := private.import_merge_parcel(p_state, p_row -> 'parcel', p_strategy);
  v_lead := v_lead || jsonb_build_object(
    'tags', to_jsonb(v_tags[:50]),
    'consent_status', least(v_before ->> 'consent_status', coalesce(v_row ->> 'consent_status', 'unknown')));
  v_warnings := (v_phones -> 'warnings') || (v_land -> 'warnings');
  if pg_column_size(v_lead -> 'custom_fields') > 32000 then
    v_lead := v_lead || jsonb_build_object('custom_fields', v_before -> 'custom_fields');
    v_warnings := v_warnings || jsonb_build_object('reason',
      'A lead has at most 32 KB of custom fields: those of this row were not added.');
  end if;
  if cardinality(v_tags) > 50 then
    v_warnings := v_warnings || jsonb_build_object('reason',
      format('A lead has at most 50 tags: %s not added.', array_to_string(v_tags[51:], ', ')));
  end if;
  return p_state || jsonb_build_object(
    'lead', v_lead, 'phones', v_phones -> 'phones', 'parcels', v_land -> 'parcels',
    'identities', v_land -> 'identities', 'changed', coalesce((p_state ->> 'changed')::boolean, false)
      or v_lead <> v_before or v_phones -> 'phones' <> p_state -> 'phones' or v_land -> 'parcels' <> p_state -> 'parcels',
    'line', p_row -> 'line', 'consents', (p_state -> 'consents') || (v_phones -> 'consents'),
    'warnings', (p_state -> 'warnings') || coalesce(
      (select to_jsonb(array_agg(w || jsonb_build_object('line', p_row -> 'line')))
        from jsonb_array_elements(v_warnings) w), '[]'));
end;
$$;
comment on function private.import_merge_row(jsonb, jsonb, text, text[], text[]) is
  'A lead, in the form it has while a chunk is processed, after one more row is merged by strategy update, fill or add_phones. '
  'With every strategy, the strictest consent wins, and the status stays if private.outlasts_import says so. p_taken: the row''s '
  'phones that other leads have.';

create function private.import_first_row(p_row jsonb)
returns jsonb
language sql
immutable
set search_path = ''
as $$
  select jsonb_build_object(
    'lead', l.lead, 'line', p_row -> 'line',
    'phones', (
      select to_jsonb(array_agg(jsonb_build_object('e164', p.e164, 'role', p.role, 'line_type', p.line_type,
        'invalid_reason', p.invalid_reason, 'consent_status', least(l.lead ->> 'consent_status', p.consent_status))))
      from jsonb_to_recordset(p_row -> 'phones') as p (
        e164 text, role text, line_type text, consent_status text, invalid_reason text)),
    'parcels', land.merged -> 'parcels', 'identities', land.merged -> 'identities',
    'consents', coalesce((
      select to_jsonb(array_agg(jsonb_build_object('e164', p.e164,
        'status', least(l.lead ->> 'consent_status', p.consent_status), 'line', p_row -> 'line')))
      from jsonb_to_recordset(p_row -> 'phones') as p (e164 text, consent_status text)
      where least(l.lead ->> 'consent_status', p.consent_status) <> 'unknown'), '[]'),
    'warnings', '[]'::jsonb)
  from (
    -- With the defaults of the table, so that a later row finds the same values here as it would in the next chunk.
    select '{"status": "new", "lead_score": "cold", "consent_status": "unknown", "tags": [], "custom_fields": {}}'::jsonb
      || jsonb_strip_nulls(p_row -> 'lead') as lead
  ) l
  cross join lateral private.import_merge_parcel('{"parcels": [], "identities": []}', p_row -> 'parcel', 'update')
    as land (merged);
$$;
comment on function private.import_first_row(jsonb) is
  'A new lead, in the form it has while a chunk is processed, from its first row.';

-- schemas/imports/functions/merge_writes.sql

-- The writes of merging: merged leads with their journal, and the warnings of a chunk.

create function private.journal_import_changes(p_import public.imports, p_leads jsonb, p_now timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
begin
  insert into private.import_changes (import_id, lead_id, line, before, after, created_at)
  select p_import.id, i.lead_id, (s.state ->> 'line')::bigint,
    case when (s.state -> 'before' -> 'lead' ->> 'import_id')::uuid is distinct from p_import.id then s.state -> 'before' end,
    jsonb_build_object(
      'updated_at', i.image -> 'lead' -> 'updated_at',
      'phones', (
        select to_jsonb(array_agg(jsonb_build_object('id', p -> 'id', 'e164', p -> 'e164', 'role', p -> 'role',
          'consent_status', p -> 'consent_status', 'line_type', p -> 'line_type',
          'invalid_reason', p -> 'invalid_reason') order by p -> 'id'))
        from jsonb_array_elements(i.image -> 'phones') p),
      'parcels', coalesce((
        select to_jsonb(array_agg(jsonb_build_object('id', p -> 'id', 'updated_at', p -> 'updated_at') order by p -> 'id'))
        from jsonb_array_elements(i.image -> 'parcels') p), '[]')),
    p_now
  from jsonb_array_elements(p_leads) as s (state)
  join private.import_images(array(select (x -> 'lead' ->> 'id')::uuid from jsonb_array_elements(p_leads) x)) i
    on i.lead_id = (s.state -> 'lead' ->> 'id')::uuid
  on conflict (import_id, lead_id) do update set line = excluded.line, after = excluded.after;
end;
$$;
comment on function private.journal_import_changes(public.imports, jsonb, timestamptz) is
  'Writes into the journal the values that these leads of merge_chunk had before the import first changed them, and those after '
  'its last change.';

create function private.write_chunk_warnings(p_import public.imports, p_rows jsonb, p_left_out jsonb, p_warnings jsonb)
returns integer
language plpgsql
set search_path = ''
as $$
declare
  v_count integer;
begin
  with rows as materialized (
    select r.line, r.raw, r.warnings
    from jsonb_to_recordset(p_rows) as r (line bigint, reason text, raw jsonb, warnings jsonb)
    where r.reason is null and not p_left_out ? r.line::text
  ),
  warnings as (
    select r.line, w.field, w.reason, null::uuid as lead_id
    from rows r cross join lateral jsonb_to_recordset(r.warnings) as w (field text, reason text)
    union all
    select w.line, w.field, w.reason, w.lead_id
    from jsonb_to_recordset(p_warnings) as w (line bigint, field text, reason text, lead_id uuid)
  )
  insert into public.import_rejections (org_id, import_id, line, field, reason, outcome, lead_id, raw)
  select p_import.org_id, p_import.id, w.line, left(w.field, 250), left(w.reason, 1000), 'warning', w.lead_id, r.raw
  from warnings w join rows r on r.line = w.line;
  get diagnostics v_count = row_count;
  return v_count;
end;
$$;
comment on function private.write_chunk_warnings(public.imports, jsonb, jsonb, jsonb) is
  'Stores the warnings of a chunk: those of its rows, except rejected rows and those of p_left_out, and those of merging '
  '(p_warnings). Returns how many.';

-- schemas/imports/functions/put_back_leads.sql

create function private.put_back_leads(p_import_id uuid, p_lead_ids uuid[])
returns void
language plpgsql
set search_path = ''
-- Forces one index lookup for each lead, phone and parcel, whatever the statistics say: see find_phone_leads.
set enable_seqscan = off
set enable_bitmapscan = off
set enable_hashjoin = off
set enable_mergejoin = off
as $$
declare
  v_journal jsonb;
begin
  select coalesce(to_jsonb(array_agg(jsonb_build_object('id', j.lead_id, 'before', j.before, 'after', j.after))), '[]')
  into v_journal
  from private.import_changes j where j.import_id = p_import_id and j.lead_id = any (p_lead_ids);
  perform set_config('private.keep_updated_at', 'on', true);

  delete from public.lead_phones p
  using jsonb_to_recordset(v_journal) as j (id uuid, before jsonb)
  where p.lead_id = j.id and not exists (select from jsonb_array_elements(j.before -> 'phones') b
    where (b ->> 'id')::uuid = p.id);
  update public.lead_phones p
  set consent_status = b.consent_status,
      -- A line type that was looked up since stays.
      line_type = case when p.line_type is not distinct from a.line_type then b.line_type else p.line_type end,
      -- So does what was found out since about the number itself.
      is_valid = case when p.invalid_reason is not distinct from a.invalid_reason then b.invalid_reason is null
        else p.is_valid end,
      invalid_reason = case when p.invalid_reason is not distinct from a.invalid_reason then b.invalid_reason
        else p.invalid_reason end
  from jsonb_to_recordset(v_journal) as j (before jsonb, after jsonb)
  cross join lateral jsonb_to_recordset(j.before -> 'phones') as b (
    id uuid, consent_status text, line_type text, invalid_reason text)
  join lateral jsonb_to_recordset(j.after -> 'phones') as a (
    id uuid, consent_status text, line_type text, invalid_reason text) on a.id = b.id
  where p.id = b.id
    and (a.consent_status, a.line_type, a.invalid_reason) is distinct from (b.consent_status, b.line_type, b.invalid_reason);

  delete from public.lead_properties p
  using jsonb_to_recordset(v_journal) as j (id uuid, before jsonb)
  where p.org_id = (j.before -> 'lead' ->> 'org_id')::uuid and p.lead_id = j.id
    and not exists (select from jsonb_array_elements(j.before -> 'parcels') b where (b ->> 'id')::uuid = p.id);
  update public.lead_properties p
  set county = b.county, state = b.state, situs = b.situs, property_type = b.property_type, acreage = b.acreage,
      estimated_value = b.estimated_value, updated_at = b.updated_at
  from jsonb_to_recordset(v_journal) as j (before jsonb, after jsonb)
  cross join lateral jsonb_populate_recordset(null::public.lead_properties, j.before -> 'parcels') b
  join lateral jsonb_to_recordset(j.after -> 'parcels') as a (id uuid, updated_at timestamptz) on a.id = b.id
  where p.id = b.id and p.updated_at = a.updated_at and a.updated_at <> b.updated_at;

  perform private.set_lead_cause('import');
  update public.leads l set
    first_name = b.first_name, last_name = b.last_name, language = b.language, email = b.email, address1 = b.address1,
    address2 = b.address2, city = b.city, state = b.state, postal_code = b.postal_code, county = b.county, status = b.status,
    lead_score = b.lead_score, consent_status = b.consent_status, source = b.source, notes = b.notes, tags = b.tags,
    custom_fields = b.custom_fields, phone_digits = b.phone_digits, updated_at = b.updated_at
  from jsonb_to_recordset(v_journal) as j (before jsonb)
  cross join lateral jsonb_populate_record(null::public.leads, j.before -> 'lead') b
  where l.id = b.id;
  perform private.set_lead_cause(null);
  perform set_config('private.keep_updated_at', '', true);

  delete from public.consent_records c where c.import_id = p_import_id and c.lead_id = any (p_lead_ids);
  delete from private.import_changes j where j.import_id = p_import_id and j.lead_id = any (p_lead_ids);
end;
$$;
comment on function private.put_back_leads(uuid, uuid[]) is
  'Restores leads that an import changed to their former values, including updated_at, from the import''s journal, and deletes '
  'these rows of the journal. The caller holds the locks and has checked that nobody changed the leads since.';

-- schemas/imports/functions/spread_denials.sql

create function private.spread_denials(p_import public.imports, p_rows jsonb, p_now timestamptz)
returns void
language plpgsql
set search_path = ''
-- Forces one index lookup for each phone, whatever the statistics say: see find_phone_leads.
set enable_seqscan = off
set enable_bitmapscan = off
as $$
declare
  v_lines jsonb;
  v_e164s text[];
  v_lead_ids uuid[];
  v_states jsonb;
begin
  if p_import.options ->> 'merge_strategy' is distinct from 'create' and not private.has_refusal(p_rows) then
    return;
  end if;
  select coalesce(jsonb_object_agg(d.e164, d.line), '{}') into v_lines
  from (
    select p.e164, min(r.line) as line,
      bool_or('denied' in (coalesce(r.lead ->> 'consent_status', ''), coalesce(p.consent_status, ''))) as is_denied
    from jsonb_to_recordset(p_rows) as r (line bigint, reason text, lead jsonb, phones jsonb)
    cross join lateral jsonb_to_recordset(r.phones) as p (e164 text, consent_status text)
    where r.reason is null
    group by p.e164
  ) d
  where d.is_denied
    -- A new lead with a phone that another lead has denied.
    or (p_import.options ->> 'merge_strategy' = 'create' and exists (
      -- The offset keeps the planner from reading all denied phones of the organisation into a hash.
      select from public.lead_phones p
      where p.org_id = p_import.org_id and p.e164 = d.e164 and p.consent_status = 'denied' offset 0));
  if v_lines = '{}' then
    return;
  end if;
  v_e164s := array(select jsonb_object_keys(v_lines));
  v_lead_ids := array(
    select distinct p.lead_id from unnest(v_e164s) as x (e164)
    cross join lateral (
      select o.lead_id from public.lead_phones o
      where o.org_id = p_import.org_id and o.e164 = x.e164 and o.consent_status <> 'denied' offset 0) p);
  if v_lead_ids = '{}' then
    return;
  end if;
  perform private.lock_import_leads(v_lead_ids);
  v_states := (
    select to_jsonb(array_agg(i.image || jsonb_build_object('before', i.image, 'line', (
      select min((v_lines ->> p.e164)::bigint) from jsonb_to_recordset(i.image -> 'phones') as p (e164 text)))))
    from private.import_images(v_lead_ids) i);
  insert into public.consent_records (org_id, e164, lead_id, import_id, status, method, evidence, recorded_at, recorded_by)
  select p_import.org_id, p.e164, p.lead_id, p_import.id, 'revoked', 'import',
    format('Import %s, file %s, line %s', p_import.id, p_import.file_name, v_lines ->> p.e164), p_now, p_import.created_by
  from unnest(v_lead_ids) as x (id)
  cross join lateral (select * from public.lead_phones o where o.lead_id = x.id offset 0) p
  where v_lines ? p.e164 and p.consent_status <> 'denied';
  update public.lead_phones p set consent_status = 'denied'
  where p.lead_id = any (v_lead_ids) and v_lines ? p.e164 and p.consent_status <> 'denied';
  perform private.cancel_phones_targets(p_import.org_id, v_e164s, 'no_consent', p_now);
  perform private.journal_import_changes(p_import, v_states, p_now);
end;
$$;
comment on function private.spread_denials(public.imports, jsonb, timestamptz) is
  'Denies the phones that rows of the chunk deny in all other leads that have them, too; with strategy create also those of new '
  'leads that an older lead has as denied. Each is recorded, and what waits for the phone is canceled. The caller holds the '
  'locks of the contacts.';

-- schemas/imports/functions/undo.sql

-- Undoing an import: its leads in the order of their ids, chunk by chunk. Leads that it made are deleted, and leads that it
-- changed get their former values from the journal. Leads that somebody has changed since stay as they are.

create function private.lock_undo(p_org_id uuid, p_lead_ids uuid[])
returns void
language plpgsql
set search_path = ''
set enable_seqscan = off
as $$
begin
  for v_try in 1 .. 10 loop
    begin
      if private.lock_import_contacts(p_org_id, '{}', p_lead_ids) then
        -- "for update", because campaigns that are being built refer to leads, and targets in uncommitted transactions must be
        -- seen before a lead is deleted.
        perform 1 from public.leads l where l.id = any (p_lead_ids) order by l.id for update;
        return;
      end if;
      raise exception using errcode = 'PTLCK', message = 'leads got phones while their contacts were being locked';
    exception when sqlstate 'PTLCK' then
      null;
    end;
  end loop;
  raise exception using errcode = '40001', message = 'leads got phones while their contacts were being locked, ten times';
end;
$$;
comment on function private.lock_undo(uuid, uuid[]) is
  'Locks what undoing these leads may change: contacts in E.164 order, then leads by id. Raises 40001 if other transactions keep '
  'changing them.';

create function private.judge_undo(p_import_id uuid, p_lead_ids uuid[])
returns table (lead_id uuid, line bigint, verdict text)
language plpgsql
stable
set search_path = ''
set enable_seqscan = off
set enable_bitmapscan = off
as $$
begin
  return query
  select l.id, coalesce(j.line, 0),
    case
      when l.import_id = p_import_id and l.deleted_at is not null then 'gone'
      when j.lead_id is null and l.updated_at <> l.created_at then 'changed'
      when j.lead_id is not null and (
        l.updated_at <> (j.after ->> 'updated_at')::timestamptz
        or n.phones <> private.import_phone_marks(j.after -> 'phones')
        or n.parcels <> array(select (p ->> 'id')::uuid from jsonb_array_elements(j.after -> 'parcels') p order by 1)
      ) then 'changed'
      when l.import_id is distinct from p_import_id then 'put_back'
      when exists (select from public.campaign_targets t where t.lead_id = l.id)
        or exists (select from public.messages m where m.lead_id = l.id)
        or exists (select from public.conversations c where c.lead_id = l.id) then 'known'
      else 'unknown'
    end
  from unnest(p_lead_ids) as x (id)
  cross join lateral (select * from public.leads o where o.id = x.id offset 0) l
  left join lateral (select * from private.import_changes o
    where o.import_id = p_import_id and o.lead_id = x.id offset 0) j on true
  left join lateral (
    select
      private.import_phone_marks((
        select to_jsonb(array_agg(to_jsonb(p))) from public.lead_phones p where p.lead_id = x.id)) as phones,
      array(select p.id from public.lead_properties p where p.org_id = l.org_id and p.lead_id = x.id order by 1) as parcels
    where j.lead_id is not null
  ) n on true;
end;
$$;
comment on function private.judge_undo(uuid, uuid[]) is
  'What happens to leads when their import is undone. changed: somebody changed the lead since, so it is kept. gone: people '
  'deleted it already. put_back: its former values are restored. known: the import made it, and campaigns, messages or '
  'conversations refer to it, so it is hidden as if people deleted it. unknown: the import made it, and it is removed. line: the '
  'line in the journal, else 0. Looked-up values of a phone or a parcel (line type, carrier, validity, values) do not count as '
  'changes.';

create function private.import_phone_marks(p_phones jsonb)
returns text
language sql
immutable
set search_path = ''
as $$
  select string_agg(concat_ws(' ', p ->> 'id', p ->> 'e164', p ->> 'role', p ->> 'consent_status'), ',' order by p ->> 'id')
  from jsonb_array_elements(p_phones) p;
$$;
comment on function private.import_phone_marks(jsonb) is
  'The parts of a lead''s phones that people and opt-outs change: the phones, their roles and consent. As text, for comparing.';

create function private.hide_leads(p_org_id uuid, p_lead_ids uuid[], p_now timestamptz)
returns void
language plpgsql
set search_path = ''
set enable_seqscan = off
as $$
declare
  v_e164 text;
begin
  update public.leads l set deleted_at = p_now where l.id = any (p_lead_ids);
  -- What the import alone said does not outlive it.
  delete from private.refused_phones r using public.lead_phones p where p.lead_id = any (p_lead_ids) and r.lead_phone_id = p.id;
  -- As when people delete a lead: waiting messages of campaigns are canceled, unless another lead has the same phone.
  for v_e164 in
    select distinct p.e164 from unnest(p_lead_ids) as x (id)
    cross join lateral (select o.e164 from public.lead_phones o where o.lead_id = x.id offset 0) p order by 1
  loop
    if not exists (select from private.find_phone_leads(p_org_id, array[v_e164])) then
      perform private.cancel_open_targets(p_org_id, v_e164, 'lead_deleted', p_now);
    end if;
  end loop;
end;
$$;
comment on function private.hide_leads(uuid, uuid[], timestamptz) is
  'Deletes leads as people do: they are hidden for good, their history stays, and open targets are canceled. The caller holds '
  'the locks of contacts and leads.';

create function private.remove_leads(p_import_id uuid, p_lead_ids uuid[])
returns void
language sql
set search_path = ''
set enable_seqscan = off
as $$
  -- One statement: when the triggers of phones run, the leads are gone, and there is nothing for them to correct.
  with consents as (
    delete from public.consent_records c where c.import_id = p_import_id and c.lead_id = any (p_lead_ids)
  ),
  phones as (
    delete from public.lead_phones p where p.lead_id = any (p_lead_ids)
  )
  delete from public.leads l where l.id = any (p_lead_ids);
$$;
comment on function private.remove_leads(uuid, uuid[]) is
  'Removes leads that an import made and that nothing refers to, with their phones, parcels, journal and the import''s consent '
  'records. Contact rows stay, because opt-outs and other writers lock them.';

create function private.next_undo(p_import_id uuid, p_after uuid, p_limit integer)
returns uuid[]
language plpgsql
stable
set search_path = ''
set enable_seqscan = off
set enable_bitmapscan = off
as $$
begin
  return array(
    select u.id from (
      (select l.id from public.leads l
       where l.import_id = p_import_id and (p_after is null or l.id > p_after) order by l.id limit p_limit)
      union
      (select j.lead_id from private.import_changes j
       where j.import_id = p_import_id and (p_after is null or j.lead_id > p_after) order by j.lead_id limit p_limit)
    ) u order by u.id limit p_limit);
end;
$$;
comment on function private.next_undo(uuid, uuid, integer) is
  'The next leads, after p_after in the order of their ids, that an import made or changed.';

create function private.send_undo(p_import public.imports)
returns void
language sql
set search_path = ''
as $$
  select private.send_work('imports', p_import.org_id,
    jsonb_build_object('import_id', p_import.id, 'undo', true, 'after', p_import.undo_after));
$$;
comment on function private.send_undo(public.imports) is 'Queues the next chunk of an undo.';

-- schemas/imports/functions/undo_import_chunk.sql

create function private.undo_import_chunk(
  p_import_id uuid,
  p_after uuid,
  p_message_id bigint default null,
  p_limit integer default 500,
  p_now timestamptz default now()
)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_import public.imports;
  v_ids uuid[];
  v_put_back uuid[];
  v_known uuid[];
  v_unknown uuid[];
  v_gone integer;
  v_kept integer;
  v_is_last boolean;
  v_done bigint;
  v_seconds numeric;
begin
  select * into v_import from public.imports i where i.id = p_import_id for no key update;
  if p_message_id is not null then
    perform pgmq.delete('imports', p_message_id);
  end if;
  if v_import.id is null or v_import.status <> 'undoing' or v_import.undo_after is distinct from p_after then
    return jsonb_build_object('applied', false, 'status', v_import.status);
  end if;

  v_ids := private.next_undo(p_import_id, p_after, p_limit);
  v_is_last := cardinality(v_ids) < p_limit;
  perform private.lock_undo(v_import.org_id, v_ids);
  with judged as materialized (select * from private.judge_undo(p_import_id, v_ids)),
  kept as (
    insert into public.import_rejections (org_id, import_id, line, reason, outcome, lead_id, raw)
    select v_import.org_id, p_import_id, j.line, 'The lead was changed after the import: it was left as it is.', 'kept',
      j.lead_id, '[]'
    from judged j where j.verdict = 'changed'
    returning 1
  )
  select array_agg(j.lead_id) filter (where j.verdict = 'put_back'), array_agg(j.lead_id) filter (where j.verdict = 'known'),
    array_agg(j.lead_id) filter (where j.verdict = 'unknown'), count(*) filter (where j.verdict = 'gone'),
      (select count(*) from kept)
  into v_put_back, v_known, v_unknown, v_gone, v_kept
  from judged j;
  if v_put_back is not null then
    perform private.put_back_leads(p_import_id, v_put_back);
  end if;
  if v_known is not null then
    perform private.hide_leads(v_import.org_id, v_known, p_now);
  end if;
  if v_unknown is not null then
    perform private.remove_leads(p_import_id, v_unknown);
  end if;

  v_seconds := private.run_seconds(v_import, p_now);
  v_done := v_import.undone_rows + v_import.kept_rows + v_import.hidden_rows + cardinality(v_ids);
  update public.imports i
  set undone_rows = i.undone_rows + coalesce(cardinality(v_put_back), 0) + coalesce(cardinality(v_unknown), 0),
      kept_rows = i.kept_rows + v_kept,
      hidden_rows = i.hidden_rows + v_gone + coalesce(cardinality(v_known), 0),
      undo_after = coalesce(v_ids[cardinality(v_ids)], i.undo_after),
      rows_per_second = (v_done - i.run_from_rows) / v_seconds,
      seconds_left = case
        when v_is_last then 0
        else ceil((i.undo_total - v_done) * v_seconds / nullif(v_done - i.run_from_rows, 0)) end,
      status = case when v_is_last then 'undone' else i.status end,
      undone_at = case when v_is_last then p_now end
  where i.id = p_import_id
  returning * into v_import;
  if v_is_last then
    perform private.record_audit_event(v_import.org_id, 'leads_import_undone', null, null, null, jsonb_build_object(
      'import_id', p_import_id, 'undone_rows', v_import.undone_rows, 'kept_rows', v_import.kept_rows, 'hidden_rows',
        v_import.hidden_rows));
  else
    perform private.send_undo(v_import);
  end if;
  return jsonb_build_object('applied', true, 'status', v_import.status);
end;
$$;
comment on function private.undo_import_chunk(uuid, uuid, bigint, integer, timestamptz) is
  'Undoes the next p_limit leads of an import in one transaction, with progress and the next queue message; deletes '
  'p_message_id. Does nothing unless p_after is the last lead that was undone. Returns {applied, status}. Security definer: the '
  'worker may not write these tables.';
grant execute on function private.undo_import_chunk(uuid, uuid, bigint, integer, timestamptz) to service_role, worker;

-- schemas/imports/functions/write_merged_leads.sql

create function private.write_merged_leads(p_import public.imports, p_leads jsonb, p_now timestamptz)
returns void
language plpgsql
set search_path = ''
-- Forces one index lookup for each lead, phone and parcel, whatever the statistics say: see find_phone_leads.
set enable_seqscan = off
set enable_bitmapscan = off
set enable_hashjoin = off
set enable_mergejoin = off
as $$
declare
  v_canceled text[];
begin
  perform private.set_lead_cause('import');
  update public.leads l set
    first_name = n.first_name, last_name = n.last_name, language = n.language, email = n.email, address1 = n.address1,
    address2 = n.address2, city = n.city, state = n.state, postal_code = n.postal_code, county = n.county, status = n.status,
    lead_score = n.lead_score, consent_status = n.consent_status, source = n.source, notes = n.notes, tags = n.tags,
    custom_fields = n.custom_fields,
    phone_digits = (
      select string_agg(substr(p.e164, 3), ' ' order by p.role desc)
        from jsonb_to_recordset(s.state -> 'phones') as p (e164 text, role text))
  from jsonb_array_elements(p_leads) as s (state)
  cross join lateral jsonb_populate_record(null::public.leads, s.state -> 'lead') n
  where l.id = n.id;
  perform private.set_lead_cause(null);

  update public.lead_phones p set consent_status = n.consent_status, line_type = n.line_type,
    is_valid = n.invalid_reason is null, invalid_reason = n.invalid_reason
  from jsonb_array_elements(p_leads) as s (state)
  cross join lateral jsonb_to_recordset(s.state -> 'phones') as n (
    id uuid, consent_status text, line_type text, invalid_reason text, changed boolean)
  where p.id = n.id and n.changed;
  insert into public.lead_phones (org_id, lead_id, e164, role, line_type, consent_status, is_valid, invalid_reason, created_at)
  select p_import.org_id, (s.state -> 'lead' ->> 'id')::uuid, n.e164, n.role, n.line_type, n.consent_status,
    n.invalid_reason is null, n.invalid_reason, p_now
  from jsonb_array_elements(p_leads) as s (state)
  cross join lateral jsonb_to_recordset(s.state -> 'phones') as n (id uuid, e164 text, role text, line_type text,
    consent_status text, invalid_reason text)
  where n.id is null;

  update public.lead_properties p
  set county = n.county, state = n.state, situs = n.situs, property_type = n.property_type, acreage = n.acreage,
      estimated_value = n.estimated_value
  from jsonb_array_elements(p_leads) as s (state)
  cross join lateral jsonb_to_recordset(s.state -> 'parcels') as n (
    id uuid, county text, state text, situs text, property_type text, acreage numeric, estimated_value numeric, changed boolean)
  where p.id = n.id and n.changed;
  insert into public.lead_properties (
    org_id, lead_id, apn, county, state, situs, property_type, acreage, estimated_value, created_at, updated_at)
  select p_import.org_id, (s.state -> 'lead' ->> 'id')::uuid, n.apn, n.county, n.state, n.situs, n.property_type, n.acreage,
    n.estimated_value, p_now, p_now
  from jsonb_array_elements(p_leads) as s (state)
  cross join lateral jsonb_to_recordset(s.state -> 'parcels') as n (
    id uuid, apn text, county text, state text, situs text, property_type text, acreage numeric, estimated_value numeric)
  where n.id is null;

  insert into public.consent_records (org_id, e164, lead_id, import_id, status, method, evidence, recorded_at, recorded_by)
  select p_import.org_id, c.e164, (s.state -> 'lead' ->> 'id')::uuid, p_import.id,
    case c.status when 'granted' then 'granted' else 'revoked' end, 'import',
    format('Import %s, file %s, line %s', p_import.id, p_import.file_name, c.line), p_now, p_import.created_by
  from jsonb_array_elements(p_leads) as s (state)
  cross join lateral jsonb_to_recordset(s.state -> 'consents') as c (e164 text, status text, line bigint);

  -- What waits for a phone that this file denies, or calls wrong, is not sent.
  v_canceled := array(
    select distinct c.e164 from jsonb_array_elements(p_leads) as s (state)
    cross join lateral jsonb_to_recordset(s.state -> 'consents') as c (e164 text, status text) where c.status = 'denied');
  if v_canceled <> '{}' then
    perform private.cancel_phones_targets(p_import.org_id, v_canceled, 'no_consent', p_now);
  end if;
  v_canceled := array(
    select distinct n.e164 from jsonb_array_elements(p_leads) as s (state)
    cross join lateral jsonb_to_recordset(s.state -> 'phones') as n (e164 text, invalid_reason text, changed boolean)
    where n.changed and n.invalid_reason is not null);
  if v_canceled <> '{}' then
    perform private.cancel_phones_targets(p_import.org_id, v_canceled, 'invalid_phone', p_now);
  end if;
end;
$$;
comment on function private.write_merged_leads(public.imports, jsonb, timestamptz) is
  'Writes leads that merge_chunk changed: the lead, its phones and parcels, consent. The caller holds the locks and writes the '
  'journal.';

-- schemas/imports/queues.sql

select pgmq.create('imports');
-- private.read_in_turn finds the organisation whose turn is next by the first index, private.drop_work the import that has ended
-- by the second.
create index q_imports_turn_idx on pgmq.q_imports ((coalesce(message ->> 'org_id', '')), vt);
create index q_imports_import_idx on pgmq.q_imports ((message ->> 'import_id'));

-- schemas/imports/buckets.sql

insert into storage.buckets (id, name, public, file_size_limit)
values ('imports', 'imports', false, 104857600)
on conflict (id) do nothing;

-- schemas/imports/cron.sql

select cron.schedule('import-files', '23 * * * *', $$select
  private.run_apart('prune_uploads', 'select private.prune_import_uploads(p_org_id => $1)'), private.kick_file_removal()$$);

select cron.schedule('prune-imports', '47 * * * *',
  $$select private.run_apart('prune_imports', 'select private.prune_imports(p_org_id => $1)')$$);
