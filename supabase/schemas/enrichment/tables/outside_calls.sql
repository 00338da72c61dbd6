create table private.outside_calls (
  lane_id uuid not null references private.call_lanes (id) on delete cascade,
  subject text collate "C" not null check (length(subject) between 1 and 100),
  due_at timestamptz not null default now(),
  attempts smallint not null default 0,
  overwrites boolean not null default false,
  last_error text,
  given_up_at timestamptz,
  requested_at timestamptz not null default now(),
  claims smallint not null default 0 check (claims >= 0),
  primary key (lane_id, subject)
);
comment on table private.outside_calls is
  'Calls that a service is still to get: about a phone (E.164) or a parcel (its id). Deleted when answered. If given_up_at is '
  'set, the call is not made any more; last_error says why.';
comment on column private.outside_calls.claims is
  'How many workers in a row claimed the call and recorded no result, for example because they were killed.';
create index outside_calls_due_idx on private.outside_calls (lane_id, due_at) where given_up_at is null;
create index outside_calls_given_up_idx on private.outside_calls (given_up_at) where given_up_at is not null;
create index outside_calls_claims_idx on private.outside_calls (lane_id, due_at) where claims >= 2 and given_up_at is null;

alter table private.outside_calls enable row level security;
