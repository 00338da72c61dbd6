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
  'Work that failed and is to be tried again: of what kind, for which item (mostly an organisation), how often in a row, why, '
  'and not before when. Empty while all is well. org_id null: a call for all organisations together, which go one by one '
  'meanwhile.';
create index work_failures_org_idx on private.work_failures (org_id);

alter table private.work_failures enable row level security;
