create table private.tasks (
  name text primary key check (name ~ '^[a-z][a-z-]{1,39}$'),
  seconds smallint not null check (seconds between 1 and 60),
  is_prompt boolean not null default false,
  due text not null check (length(due) <= 4000),
  is_active boolean not null default true,
  began_at timestamptz,
  ended_at timestamptz,
  longest interval not null default '0',
  runs bigint not null default 0,
  failures bigint not null default 0,
  error text check (length(error) <= 500),
  failed_at timestamptz
-- Every run updates a row: the fillfactor leaves room for its new version on the same page.
) with (fillfactor = 20);
comment on table private.tasks is
  'What the ticks do every few seconds if it is due. Each area adds its tasks in its tasks.sql. Nothing is written about a task '
  'that is not due.';
comment on column private.tasks.seconds is 'How often a tick checks whether the task is due, in seconds.';
comment on column private.tasks.is_prompt is
  'Whether the first tick also does this task. It does only prompt tasks, so that nothing slow holds them up.';
comment on column private.tasks.due is
  'A query that says whether there is anything to do, from an index or an empty table. It may return true when there is nothing '
  'to do, but never false when there is.';
comment on column private.tasks.is_active is 'False stops the task until it is set to true again.';
comment on column private.tasks.began_at is
  'When the task last started. If this is later than ended_at, it is running now, or its session ended before it did.';
comment on column private.tasks.longest is 'How long its longest run took.';
comment on column private.tasks.failures is
  'How often it failed as a whole; error and failed_at are of the last failure. Failures of one organisation are in '
  'private.work_failures.';

alter table private.tasks enable row level security;
