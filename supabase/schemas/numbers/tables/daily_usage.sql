create table private.daily_usage (
  scope text not null check (scope in ('number', 'campaign', 'org', 'carrier')),
  scope_id uuid not null,
  day date not null,
  messages integer not null default 0,
  segments integer not null default 0,
  primary key (scope, scope_id, day)
) with (fillfactor = 50);
comment on table private.daily_usage is
  'What was charged against daily caps, per number (day in the number''s zone), campaign and organisation (day in the '
  'organisation''s zone). Planning charges, giving back refunds.';
create index daily_usage_day_idx on private.daily_usage (day);

alter table private.daily_usage enable row level security;
