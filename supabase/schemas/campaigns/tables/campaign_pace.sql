create table private.campaign_pace (
  campaign_id uuid primary key references public.campaigns (id) on delete cascade,
  next_slot_at timestamptz not null default '-infinity'
) with (fillfactor = 50);
comment on table private.campaign_pace is
  'The clock of a campaign: the time of its next slot under its own mps.';

alter table private.campaign_pace enable row level security;
