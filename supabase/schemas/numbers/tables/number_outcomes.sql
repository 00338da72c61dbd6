create table private.number_outcomes (
  org_id uuid not null references public.orgs (id) on delete cascade,
  hour timestamptz not null check (hour = date_trunc('hour', hour, 'UTC')),
  phone_number_id uuid not null references public.phone_numbers (id) on delete cascade,
  carrier text not null,
  delivered integer not null,
  filtered integer not null,
  unreachable integer not null,
  failed integer not null,
  unconfirmed integer not null,
  unknown integer not null,
  opt_outs integer not null,
  primary key (org_id, hour, phone_number_id, carrier)
);
comment on table private.number_outcomes is
  'The outcomes of a number''s messages of an hour (UTC, when they were planned), by the receiver''s carrier ('''' if it is '
  'unknown). Counted from the messages, kept for 7 days.';
create index number_outcomes_number_idx on private.number_outcomes (phone_number_id);

alter table private.number_outcomes enable row level security;
