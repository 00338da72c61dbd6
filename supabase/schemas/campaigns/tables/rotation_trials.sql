create table private.rotation_trials (
  campaign_id uuid not null references public.campaigns (id) on delete cascade,
  step smallint not null,
  template_id uuid not null,
  version integer not null,
  day date not null,
  people integer not null,
  replied integer not null check (replied between 0 and people),
  primary key (campaign_id, step, template_id, version, day)
);
comment on table private.rotation_trials is
  'What rotation thompson learns from: people whose text is old enough to be judged, by the day it was planned on in the '
  'organisation''s time zone, and those of them who replied within the time of maturity. Each message is counted once.';

alter table private.rotation_trials enable row level security;
