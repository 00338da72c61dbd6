create table private.holidays (
  day date primary key,
  name text not null
);
comment on table private.holidays is 'Federal holidays, actual and observed.';

alter table private.holidays enable row level security;

create trigger holidays_count_change after insert or update or delete or truncate on private.holidays
  for each statement execute function private.count_rule_change();
