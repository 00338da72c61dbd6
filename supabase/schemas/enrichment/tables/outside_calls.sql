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
  'What a service is still to be asked about: a phone (E.164) or a parcel (its id). Removed when it was answered; given_up_at '
  'says that it is asked no more, and last_error why.';
comment on column private.outside_calls.claims is
  'How often in a row it was taken up by a worker that then told nothing of it, as one that was killed.';
create index outside_calls_due_idx on private.outside_calls (lane_id, due_at) where given_up_at is null;
create index outside_calls_given_up_idx on private.outside_calls (given_up_at) where given_up_at is not null;
create index outside_calls_claims_idx on private.outside_calls (lane_id, due_at) where claims >= 2 and given_up_at is null;

alter table private.outside_calls enable row level security;
