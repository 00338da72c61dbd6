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
