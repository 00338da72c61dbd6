create table private.repeated_requests (
  org_id uuid not null references public.orgs (id) on delete cascade,
  user_id uuid not null,
  action text not null check (length(action) between 1 and 60),
  key text not null check (key ~ '^[0-9a-f]{64}$'),
  result uuid,
  created_at timestamptz not null,
  primary key (org_id, user_id, action, key)
);
comment on table private.repeated_requests is
  'What requests created whose clients may send them again without knowing it: for a minute, the same request of the same person '
  'gets the same row. Pruned after an hour.';
comment on column private.repeated_requests.key is 'The SHA-256 of the request, which the caller computes.';
comment on column private.repeated_requests.result is 'The id of what was created; null only within its transaction.';
create index repeated_requests_created_idx on private.repeated_requests (created_at);

alter table private.repeated_requests enable row level security;
