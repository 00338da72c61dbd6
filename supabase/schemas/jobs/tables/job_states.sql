create table private.job_states (
  job_id uuid primary key references public.jobs (id) on delete cascade,
  step integer not null default 0 check (step >= 0),
  cursor jsonb not null default '{}' check (jsonb_typeof(cursor) = 'object')
);
comment on table private.job_states is
  'The progress of an unfinished job: its next step, and what the step needs to know. Step 0 fixes the leads.';

alter table private.job_states enable row level security;
