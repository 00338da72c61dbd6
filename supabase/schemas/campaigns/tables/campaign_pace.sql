create table private.campaign_pace (
  campaign_id uuid primary key references public.campaigns (id) on delete cascade,
  next_slot_at timestamptz not null default '-infinity',
  planned_at timestamptz not null default '-infinity',
  wakes_at timestamptz not null default '-infinity'
) with (fillfactor = 50);
comment on table private.campaign_pace is
  'The clock of a campaign: the time of its next slot under its own mps, and when it was last planned.';
comment on column private.campaign_pace.wakes_at is
  'Until then nothing of a campaign with steps is due, so it is not planned: at most a minute ahead.';

alter table private.campaign_pace enable row level security;
