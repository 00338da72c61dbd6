-- Imports that merge, can be paused, canceled and undone: their states and counters, and the journal that undo reads.

alter table public.imports
  add column updated_rows bigint not null default 0,
  add column undone_rows bigint not null default 0,
  add column kept_rows bigint not null default 0,
  add column hidden_rows bigint not null default 0,
  add column undo_total bigint,
  add column undo_after uuid,
  add column undone_at timestamptz,
  add column run_started_at timestamptz,
  add column run_from_rows bigint not null default 0,
  add column run_from_byte bigint not null default 0,
  add column rows_per_second numeric(12, 1),
  add column seconds_left integer,
  drop constraint imports_check,
  drop constraint imports_check1,
  drop constraint imports_check2,
  drop constraint imports_status_check,
  add constraint imports_sum_check check (imported_rows + updated_rows + duplicate_rows + rejected_rows = processed_rows),
  add constraint imports_status_check
    check (status in ('queued', 'running', 'paused', 'completed', 'failed', 'canceled', 'undoing', 'undone')),
  add constraint imports_finished_check
    check ((status in ('completed', 'failed', 'canceled', 'undoing', 'undone')) = (finished_at is not null)),
  add constraint imports_reason_check check (status not in ('failed', 'canceled') or error_message is not null),
  add constraint imports_undo_check
    check (undone_rows + kept_rows + hidden_rows <= coalesce(undo_total, 0) and (status = 'undone') = (undone_at is not null));
comment on table public.imports is
  'A file of leads and how far its import is: next_byte and next_line are where the next chunk begins. imported + updated + duplicate + rejected = processed, always; warning_count stands beside that sum.';
comment on column public.imports.updated_rows is 'Rows merged into a lead that was there, those that changed nothing included.';
comment on column public.imports.undone_rows is 'Leads that undo removed or put back as they were.';
comment on column public.imports.kept_rows is 'Leads that undo left alone, since they were changed after the import: import_rejections has each, outcome kept.';
comment on column public.imports.hidden_rows is 'Leads that undo deleted as people do: campaigns, messages or conversations know them.';
comment on column public.imports.undo_total is 'Leads that the import made or changed, counted when its undo begins. undone + kept + hidden reach it.';
comment on column public.imports.undo_after is 'The id of the lead up to which it is undone.';
comment on column public.imports.run_started_at is 'When this run began, the last resume or undo included: the rate is reckoned from run_from_rows and run_from_byte on, so that a pause does not spoil it.';
comment on column public.imports.error_message is 'Why it failed or was canceled, and what stays.';

alter table public.import_rejections
  add column lead_id uuid,
  drop constraint import_rejections_outcome_check,
  add constraint import_rejections_outcome_check check (outcome in ('rejected', 'duplicate', 'warning', 'kept'));
comment on table public.import_rejections is
  'A row that was not imported: its line in the file, the field, the reason and the row itself, so that nothing is lost. Outcome warning: imported, but for the field named. Outcome kept: a lead that undo left alone.';
comment on column public.import_rejections.line is 'Line of the file, the first being 1; 0 where no single line stands for a kept lead.';
comment on column public.import_rejections.lead_id is 'The lead that a warning or a kept lead is about; it may be gone.';
drop index public.import_rejections_once_key;
create unique index import_rejections_once_key on public.import_rejections (import_id, line) where outcome in ('rejected', 'duplicate');
create unique index import_rejections_kept_key on public.import_rejections (import_id, lead_id) where outcome = 'kept';

alter table public.consent_records
  add column import_id uuid references public.imports (id) on delete set null;
comment on column public.consent_records.import_id is 'The import that brought it. Undo removes it together with what the import did to the lead.';
update public.consent_records c set import_id = i.id
from public.imports i
where c.method = 'import' and c.org_id = i.org_id and c.evidence like 'Import ' || i.id || ',%';
create index consent_records_import_idx on public.consent_records (import_id, lead_id) where import_id is not null;

-- Undo goes through an import's leads in the order of their ids.
create index leads_import_order_idx on public.leads (import_id, id) where import_id is not null;
drop index public.leads_import_idx;

create table private.import_changes (
  import_id uuid not null references public.imports (id) on delete cascade,
  lead_id uuid not null references public.leads (id) on delete cascade,
  line bigint not null,
  before jsonb check (jsonb_typeof(before) = 'object'),
  after jsonb not null check (jsonb_typeof(after) = 'object'),
  created_at timestamptz not null,
  primary key (import_id, lead_id)
);
comment on table private.import_changes is
  'The journal of imports: leads that one changed, as they were before its first touch, and what tells whether anybody changed them after its last. Kept for 90 days.';
comment on column private.import_changes.line is 'The line that touched the lead last.';
comment on column private.import_changes.before is 'The lead with its phones and parcels (private.import_images); null where the import made the lead itself.';
comment on column private.import_changes.after is
  '{updated_at, phones: [{id, e164, role, consent_status, line_type}], parcels: [{id, updated_at}]} after the last touch.';
create index import_changes_lead_idx on private.import_changes (lead_id);
create index import_changes_age_idx on private.import_changes (created_at);
alter table private.import_changes enable row level security;

create or replace function private.set_updated_at()
returns trigger
language plpgsql
set search_path = ''
as $$
begin
  if current_setting('private.keep_updated_at', true) = 'on' then
    return new;
  end if;
  new.updated_at := now();
  return new;
end;
$$;
comment on function private.set_updated_at() is
  'Trigger: stamps updated_at with the time of the transaction, but where the setting private.keep_updated_at is on: undo puts back what stood there.';
