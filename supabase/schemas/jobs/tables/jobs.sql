create table public.jobs (
  id uuid primary key default private.uuid_v7(),
  org_id uuid not null references public.orgs (id) on delete cascade,
  kind text not null check (kind in ('lead_export', 'lead_bulk_action', 'lead_bulk_undo', 'conversation_bulk_change')),
  status text not null default 'queued' check (status in ('queued', 'running', 'completed', 'failed', 'canceled')),
  required_role public.user_role not null,
  input jsonb not null default '{}' check (jsonb_typeof(input) = 'object' and pg_column_size(input) <= 1000000),
  result jsonb not null default '{}' check (jsonb_typeof(result) = 'object'),
  total_items bigint check (total_items >= 0),
  done_items bigint not null default 0 check (done_items >= 0),
  items_per_second numeric(12, 1),
  seconds_left integer,
  error_message text,
  created_by uuid references public.users (id) on delete set null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  started_at timestamptz,
  finished_at timestamptz,
  unique (org_id, id),
  check ((status in ('completed', 'failed', 'canceled')) = (finished_at is not null)),
  check ((status = 'failed') = (error_message is not null)),
  constraint jobs_result_size_check check (pg_column_size(result) <= 65536),
  -- The message may quote the request; fail_job cuts it to this length.
  constraint jobs_error_message_check check (length(error_message) <= 2000),
  constraint jobs_rate_check check (items_per_second between 0 and 99999999999)
);
comment on table public.jobs is
  'Work that a person starts and follows: an export of leads, a bulk action on leads, its undo, or the same change of many '
  'conversations. Items are leads or conversations. Kept for 90 days after the end.';
comment on column public.jobs.required_role is 'The lowest role that may start such a job, and cancel it.';
comment on column public.jobs.input is 'What was requested; a list of ids is replaced by its length.';
comment on column public.jobs.total_items is 'Known once the job has fixed its items.';
comment on column public.jobs.seconds_left is 'Estimated from the pace so far; null before the first step and after the last.';
create index jobs_list_idx on public.jobs (org_id, created_at desc, id desc);
create index jobs_finished_idx on public.jobs (finished_at) where finished_at is not null;
create index jobs_created_by_idx on public.jobs (created_by) where created_by is not null;
create index jobs_active_idx on public.jobs (org_id, status) where finished_at is null;

alter table public.jobs enable row level security;
create policy "people read jobs of their organisation" on public.jobs
  for select to authenticated using (org_id = (select private.org_id()));
grant select on public.jobs to authenticated;
grant delete, insert, select, update on public.jobs to service_role;

create trigger jobs_updated_at before update on public.jobs
  for each row execute function private.set_updated_at();
create trigger jobs_drop_message after update of status on public.jobs
  for each row when (new.finished_at is not null and old.finished_at is null)
  execute function private.drop_own_work('jobs', 'job_id');
create trigger jobs_drop_message_deleted after delete on public.jobs
  for each row when (old.finished_at is null) execute function private.drop_own_work('jobs', 'job_id');
create trigger jobs_forget_state after update of status on public.jobs
  for each row when (new.finished_at is not null and old.finished_at is null) execute function private.forget_job_state();
create trigger jobs_remove_export_files after update of status on public.jobs
  for each row when (new.kind = 'lead_export' and new.finished_at is not null and old.finished_at is null)
  execute function private.remove_export_files();
create trigger jobs_limit_active_insert after insert on public.jobs
  for each row when (new.status = 'queued')
  execute function private.limit_active_work('50', 'jobs under way', '{queued,running}');
create trigger jobs_limit_large_values after insert on public.jobs
  for each row when (octet_length(new.input::text) > 8192) execute function private.limit_large_values('input');
create trigger jobs_forget_large_values after delete on public.jobs
  for each row execute function private.forget_large_values();
