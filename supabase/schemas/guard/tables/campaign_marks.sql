create table private.campaign_marks (
  campaign_id uuid not null references public.campaigns (id) on delete cascade,
  taken_at timestamptz not null,
  sent integer not null,
  failed integer not null,
  undelivered integer not null,
  opt_outs integer not null,
  primary key (campaign_id, taken_at)
);
comment on table private.campaign_marks is
  'A running campaign''s figures at a moment: sent, failed, undelivered (a part of sent), opt-outs. Recorded every quarter of an '
  'hour and at each resume, kept for a day.';

alter table private.campaign_marks enable row level security;
