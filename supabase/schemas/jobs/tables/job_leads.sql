create table private.job_leads (
  job_id uuid not null references public.jobs (id) on delete cascade,
  chunk integer not null check (chunk > 0),
  lead_ids uuid[] not null,
  primary key (job_id, chunk)
);
comment on table private.job_leads is
  'Which leads an unfinished job is about, in chunks: a million leads are only a few hundred rows. Fixed when the job began.';

alter table private.job_leads enable row level security;
