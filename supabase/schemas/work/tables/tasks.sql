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
-- Written with every run: room for the new version of a row beside the old.
) with (fillfactor = 20);
comment on table private.tasks is
  'What the ticks do every few seconds if it is due. An area adds its own in its tasks.sql. Nothing is written if a task is not '
  'due.';
comment on column private.tasks.seconds is 'How often it is looked at whether it is due.';
comment on column private.tasks.is_prompt is
  'Whether the first tick, which does nothing else, does it too: nothing slow may stand in its way.';
comment on column private.tasks.due is
  'A query that tells by indexes or by an empty table whether there is anything to do. It may say yes too often, never no too '
  'often.';
comment on column private.tasks.is_active is 'False stops it until it is true again.';
comment on column private.tasks.began_at is
  'When it last ran. Later than ended_at: it runs now, or its session ended before it did.';
comment on column private.tasks.longest is 'What its longest run took.';
comment on column private.tasks.failures is
  'How often it failed as a whole, with the last error and when. What failed for one organisation is in private.work_failures.';

alter table private.tasks enable row level security;
