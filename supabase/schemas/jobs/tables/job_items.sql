create table private.job_items (
  job_id uuid not null references public.jobs (id) on delete cascade,
  chunk integer not null check (chunk > 0),
  item_ids uuid[] not null,
  primary key (job_id, chunk)
);
comment on table private.job_items is
  'Which leads or conversations an unfinished job is about, in chunks: a million leads are only a few hundred rows. Fixed when '
  'the job began.';

alter table private.job_items enable row level security;
