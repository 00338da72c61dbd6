create table private.bulk_changes (
  job_id uuid not null references public.jobs (id) on delete cascade,
  lead_id uuid not null references public.leads (id) on delete cascade,
  before jsonb,
  after jsonb,
  primary key (job_id, lead_id)
);
comment on table private.bulk_changes is
  'The journal of bulk actions: for each lead that one changed, the one field that the action is about, before and after. Kept '
  'for 30 days after the job''s end.';
create index bulk_changes_lead_idx on private.bulk_changes (lead_id);

alter table private.bulk_changes enable row level security;
