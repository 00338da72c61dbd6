create table public.message_status_events (
  id bigint generated always as identity primary key,
  org_id uuid not null,
  message_id uuid not null references public.messages (id) on delete cascade,
  attempt_id uuid,
  provider_sid text,
  status text not null,
  error_code integer,
  raw_data jsonb,
  created_at timestamptz not null default now()
);
comment on table public.message_status_events is
  'Delivery receipts, each with the part of its form that private.receipt_details keeps. A receipt that comes twice is stored '
  'once.';
comment on column public.message_status_events.raw_data is 'The form that Twilio sent, without what identifies the account.';
create unique index message_status_events_once_key on public.message_status_events
  (message_id, status, coalesce(error_code, 0), coalesce(attempt_id, '00000000-0000-0000-0000-000000000000'));
create index message_status_events_org_idx on public.message_status_events (org_id, created_at desc);
create index message_status_events_age_idx on public.message_status_events using brin (created_at);

alter table public.message_status_events enable row level security;
create policy "people read delivery receipts of their organisation" on public.message_status_events
  for select to authenticated using (org_id = (select private.org_id()));
grant select on public.message_status_events to authenticated, service_role;
