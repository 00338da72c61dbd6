create table private.daily_usage (
  scope text not null check (scope in ('number', 'campaign', 'org', 'carrier')),
  scope_id uuid not null,
  day date not null,
  messages integer not null default 0,
  segments integer not null default 0,
  primary key (scope, scope_id, day)
) with (fillfactor = 50);
comment on table private.daily_usage is
  'What was charged to daily caps: for each number (day in the number''s time zone), campaign and organisation (day in the '
  'organisation''s time zone) and carrier (day in Pacific time). Planning charges; messages that are not sent are refunded.';
create index daily_usage_day_idx on private.daily_usage (day);

alter table private.daily_usage enable row level security;
