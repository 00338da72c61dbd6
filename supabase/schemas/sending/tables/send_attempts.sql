create table public.send_attempts (
  id uuid primary key default private.uuid_v7(),
  org_id uuid not null,
  message_id uuid not null references public.messages (id) on delete cascade,
  number smallint not null,
  worker_id uuid not null,
  outcome text not null default 'open'
    check (
    outcome in ('open', 'accepted', 'rejected', 'unknown', 'not_posted', 'not_accepted', 'assumed_sent', 'resent')),
  slot_at timestamptz not null,
  claimed_at timestamptz not null,
  settled_at timestamptz,
  http_status smallint,
  provider_sid text,
  error_code integer,
  error_message text,
  looks smallint not null default 0,
  looked_at timestamptz,
  next_look_at timestamptz,
  unique (message_id, number),
  check ((outcome = 'open') = (settled_at is null)),
  constraint send_attempts_next_look_check check (
    next_look_at is null or outcome in ('open', 'unknown', 'accepted', 'assumed_sent'))
) with (fillfactor = 50);
comment on table public.send_attempts is
  'Written and committed before Twilio is called, because Twilio''s POST is not idempotent. not_posted: certainly never posted. '
  'unknown: posted, without an answer. not_accepted: Twilio was asked twice and has no such message. assumed_sent, resent: the '
  'outcome could not be found out, and a person decided.';
comment on column public.send_attempts.http_status is
  'The status of Twilio''s answer; null while it is unknown, 0 if the worker died and it will never be known.';
comment on column public.send_attempts.next_look_at is
  'When Twilio is asked about an unknown attempt next. For an attempt that was sent: when its text and segments are recorded '
  'because its worker did not do so.';
create index send_attempts_look_idx on public.send_attempts (next_look_at) where next_look_at is not null;
create index send_attempts_org_idx on public.send_attempts (org_id, claimed_at desc);

alter table public.send_attempts enable row level security;
create policy "people read attempts of their organisation" on public.send_attempts
  for select to authenticated using (org_id = (select private.org_id()));
grant select on public.send_attempts to authenticated, service_role;
