create table private.number_outcome_changes (
  org_id uuid not null,
  id bigint generated always as identity,
  hour timestamptz not null,
  primary key (org_id, id)
);
comment on table private.number_outcome_changes is
  'Hours of an organisation in which messages changed since they were counted. Rows are only appended, so nothing waits for a '
  'lock; an hour may be in it twice. No foreign key: it would lock the organisation with every receipt.';

alter table private.number_outcome_changes enable row level security;
