create table private.work_failures (
  kind text not null references private.work_kinds (kind) on delete cascade,
  item uuid not null,
  org_id uuid references public.orgs (id) on delete cascade,
  tries integer not null check (tries >= 1),
  error text not null check (length(error) between 1 and 500),
  failed_at timestamptz not null,
  next_try_at timestamptz not null,
  primary key (kind, item)
);
comment on table private.work_failures is
  'Work that failed and will be tried again: its kind, its item (mostly an organisation), how often it failed in a row, why, and '
  'the earliest time of the next try. Empty if nothing fails. org_id is null for a call for all organisations together, which is '
  'replaced by one call for each organisation meanwhile.';
create index work_failures_org_idx on private.work_failures (org_id);

alter table private.work_failures enable row level security;
