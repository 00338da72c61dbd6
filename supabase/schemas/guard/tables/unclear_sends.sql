create table private.unclear_sends (
  attempt_id uuid primary key references public.send_attempts (id) on delete cascade,
  campaign_id uuid not null,
  claimed_at timestamptz not null,
  unclear_at timestamptz not null
);
comment on table private.unclear_sends is
  'A campaign''s attempts about which Twilio was asked without result: not found at the first look, or several candidates. Kept '
  'for a day; deleted if the attempt is found after all.';
create index unclear_sends_campaign_idx on private.unclear_sends (campaign_id, unclear_at);

alter table private.unclear_sends enable row level security;
