create table private.unclear_sends (
  attempt_id uuid primary key references public.send_attempts (id) on delete cascade,
  campaign_id uuid not null,
  claimed_at timestamptz not null,
  unclear_at timestamptz not null
);
comment on table private.unclear_sends is
  'A campaign''s attempts that Twilio was asked about without learning that they went out: not found at the first look, or '
  'several candidates. Kept for a day; one that is found after all leaves it.';
create index unclear_sends_campaign_idx on private.unclear_sends (campaign_id, unclear_at);

alter table private.unclear_sends enable row level security;
