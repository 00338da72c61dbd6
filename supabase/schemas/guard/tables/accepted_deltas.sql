create table private.accepted_deltas (
  id bigint generated always as identity primary key,
  org_id uuid not null,
  phone_number_id uuid,
  accepted_at timestamptz not null,
  messages integer not null,
  segments integer not null,
  cost numeric(14, 5) not null
) with (autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_cost_delay = 0);
comment on table private.accepted_deltas is
  'Messages that Twilio accepted, appended for each statement, organisation and number; the guard folds them every few seconds.';

alter table private.accepted_deltas enable row level security;
