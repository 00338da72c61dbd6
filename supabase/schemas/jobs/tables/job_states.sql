create table private.job_states (
  job_id uuid primary key references public.jobs (id) on delete cascade,
  step integer not null default 0 check (step >= 0),
  cursor jsonb not null default '{}' check (jsonb_typeof(cursor) = 'object')
);
comment on table private.job_states is
  'Where an unfinished job stands: the step that comes next, and what it needs to know. Step 0 fixes the leads, step n works on '
  'chunk n of them.';

alter table private.job_states enable row level security;
