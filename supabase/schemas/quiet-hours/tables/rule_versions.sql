create table private.rule_versions (
  scope uuid primary key,
  version bigint not null default 1
) with (fillfactor = 50);
comment on table private.rule_versions is
  'Counts changes of the data that windows are made from. scope is an organisation (its rules and hours), or all zeros for the '
  'platform''s rules and holidays.';

alter table private.rule_versions enable row level security;
