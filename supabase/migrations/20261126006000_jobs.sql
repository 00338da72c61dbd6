-- Jobs: work that a person starts, follows and may cancel, done step by step by the worker: exports, bulk actions and their undo.
-- What a job is and how far it is everybody in its organisation reads; what only the machinery needs lies in private.

create table public.jobs (
  id uuid primary key default private.uuid_v7(),
  org_id uuid not null references public.orgs (id) on delete cascade,
  kind text not null check (kind in ('lead_export', 'lead_bulk_action', 'lead_bulk_undo')),
  status text not null default 'queued' check (status in ('queued', 'running', 'completed', 'failed', 'canceled')),
  required_role public.user_role not null,
  input jsonb not null default '{}' check (jsonb_typeof(input) = 'object'),
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
  check ((status = 'failed') = (error_message is not null))
);
comment on table public.jobs is 'Work that a person started and follows: an export of leads, a bulk action, its undo. Items are leads. Kept for 90 days after its end.';
comment on column public.jobs.required_role is 'The lowest role that may start such a job, and cancel it.';
comment on column public.jobs.input is 'What was asked for; lists of ids are told by their length.';
comment on column public.jobs.total_items is 'Known once the job has fixed which leads it is about.';
comment on column public.jobs.seconds_left is 'At the pace so far; null before the first step and after the last.';
create index jobs_list_idx on public.jobs (org_id, created_at desc, id desc);
create index jobs_finished_idx on public.jobs (finished_at) where finished_at is not null;
create index jobs_created_by_idx on public.jobs (created_by) where created_by is not null;
create trigger jobs_updated_at before update on public.jobs
  for each row execute function private.set_updated_at();

create table private.job_states (
  job_id uuid primary key references public.jobs (id) on delete cascade,
  step integer not null default 0 check (step >= 0),
  cursor jsonb not null default '{}' check (jsonb_typeof(cursor) = 'object')
);
comment on table private.job_states is 'Where an unfinished job stands: the step that comes next, and what it needs to know. Step 0 fixes the leads, step n works on chunk n of them.';
alter table private.job_states enable row level security;

create table private.job_leads (
  job_id uuid not null references public.jobs (id) on delete cascade,
  chunk integer not null check (chunk > 0),
  lead_ids uuid[] not null,
  primary key (job_id, chunk)
);
comment on table private.job_leads is 'Which leads an unfinished job is about, fixed when it began, in chunks: a million leads are a few hundred rows.';
alter table private.job_leads enable row level security;

alter table public.jobs enable row level security;
create policy "people read jobs of their organisation" on public.jobs
  for select to authenticated using (org_id = (select private.org_id()));
grant select on public.jobs to authenticated;
grant select, insert, update, delete on public.jobs to service_role;

create trigger jobs_broadcast_insert after insert on public.jobs
  referencing new table as new_rows for each statement execute function private.broadcast_changes('job', 'id', 'org', 'org_id');
create trigger jobs_broadcast_update after update on public.jobs
  referencing new table as new_rows for each statement execute function private.broadcast_changes('job', 'id', 'org', 'org_id');

create or replace function private.topic_org_id(p_topic text)
returns uuid
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
  v_scope text := split_part(p_topic, ':', 1);
  v_id uuid;
  v_org_id uuid;
begin
  if p_topic !~ '^(org|campaign|inbox|conversation|import|job):[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' then
    return null;
  end if;
  v_id := split_part(p_topic, ':', 2)::uuid;
  case v_scope
    when 'org', 'inbox' then v_org_id := v_id;
    when 'campaign' then select c.org_id into v_org_id from public.campaigns c where c.id = v_id;
    when 'conversation' then select c.org_id into v_org_id from public.conversations c where c.id = v_id;
    when 'import' then select i.org_id into v_org_id from public.imports i where i.id = v_id;
    when 'job' then select j.org_id into v_org_id from public.jobs j where j.id = v_id;
  end case;
  return v_org_id;
end;
$$;
