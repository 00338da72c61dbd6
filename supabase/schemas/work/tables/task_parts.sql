create table private.task_parts (
  task text not null references private.tasks (name) on delete cascade,
  place smallint not null,
  kind text references private.work_kinds (kind) on delete restrict,
  items text,
  call text not null,
  seconds smallint not null default 10 check (seconds between 1 and 60),
  primary key (task, place)
);
comment on table private.task_parts is
  'The parts of a task, in their order; each item of a part is done in a transaction of its own. The queries in this table are '
  'ours, never a tenant''s.';
comment on column private.task_parts.kind is
  'The kind of work in private.work_failures; null if failures count for the task, not for an organisation.';
comment on column private.task_parts.items is
  'A query that returns the items and their organisations. Null: the call is for all organisations at once.';
comment on column private.task_parts.call is
  'A query that does the work: private.run_item runs it for item $1, or private.run_apart for all.';
comment on column private.task_parts.seconds is 'After this many seconds no further item is begun; the next run does the others.';
create index task_parts_kind_idx on private.task_parts (kind) where kind is not null;

alter table private.task_parts enable row level security;
