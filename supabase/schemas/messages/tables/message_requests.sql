create table private.message_requests (
  org_id uuid not null references public.orgs (id) on delete cascade,
  key text not null check (length(key) between 1 and 200),
  request_hash bytea not null,
  message_id uuid references public.messages (id) on delete cascade,
  scheduled_id uuid,
  created_at timestamptz not null,
  primary key (org_id, key),
  check (num_nonnulls(message_id, scheduled_id) = 1)
);
comment on table private.message_requests is
  'The Idempotency-Key of each direct text, for 24 hours: the same request again is answered with the same message.';
create index message_requests_message_idx on private.message_requests (message_id);
create index message_requests_age_idx on private.message_requests (created_at);

alter table private.message_requests enable row level security;
