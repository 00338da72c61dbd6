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
