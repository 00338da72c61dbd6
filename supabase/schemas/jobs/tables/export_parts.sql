create table private.export_parts (
  job_id uuid not null references public.jobs (id) on delete cascade,
  part integer not null check (part > 0),
  path text not null,
  bytes bigint not null check (bytes >= 0),
  primary key (job_id, part)
);
comment on table private.export_parts is
  'The parts of an unfinished export, in the order in which they are joined into the file.';

alter table private.export_parts enable row level security;
