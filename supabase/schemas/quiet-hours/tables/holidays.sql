create table private.holidays (
  state text not null check (state ~ '^[A-Z]{2}$'),
  day date not null,
  name text not null,
  source text not null,
  primary key (day, state)
);
comment on table private.holidays is
  'Holidays, actual and observed: federal ones (state US), and those that a state has besides.';
comment on column private.holidays.source is
  'The law or the report that names the day. It ends with "(unconfirmed)" if the text of the law could not be found.';

alter table private.holidays enable row level security;

create trigger holidays_count_change after insert or update or delete or truncate on private.holidays
  for each statement execute function private.count_rule_change();
