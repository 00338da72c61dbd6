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
