create table private.campaign_turns (
  campaign_id uuid primary key references public.campaigns (id) on delete cascade,
  planned_at timestamptz not null default '-infinity',
  wakes_at timestamptz not null default '-infinity'
) with (fillfactor = 50);
comment on table private.campaign_turns is
  'When a campaign was last planned, and when it is due again. Only planning writes it. It is not part of the clock: a claim '
  'holds clocks and may wait for a daily cap, and planning holds daily caps.';
comment on column private.campaign_turns.wakes_at is
  'Until then nothing is due of a campaign with steps, or with people whom an A/B test keeps back, so it is not planned: at most '
  'a minute ahead.';

alter table private.campaign_turns enable row level security;
