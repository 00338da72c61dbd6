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
  'The parts of a task, in their order, each of its items in a transaction of its own. Queries here are ours, never a tenant''s.';
comment on column private.task_parts.kind is
  'What it is in private.work_failures; null for what is nobody''s own.';
comment on column private.task_parts.items is
  'A query for item and organisation. Null: the call is for all organisations at once.';
comment on column private.task_parts.call is
  'A query that does it: for the item $1 by private.run_item, or for all by private.run_apart.';
comment on column private.task_parts.seconds is 'After so long no further item is begun: the others come in the next run.';
create index task_parts_kind_idx on private.task_parts (kind) where kind is not null;

alter table private.task_parts enable row level security;
