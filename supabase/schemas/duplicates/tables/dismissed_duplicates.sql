create table private.dismissed_duplicates (
  org_id uuid not null references public.orgs (id) on delete cascade,
  lead_a uuid not null,
  lead_b uuid not null,
  dismissed_by uuid references public.users (id) on delete set null,
  dismissed_at timestamptz not null default now(),
  primary key (lead_a, lead_b),
  check (lead_a < lead_b)
);
comment on table private.dismissed_duplicates is
  'Pairs of leads that a person said are not the same owner; they are not suggested again.';
create index dismissed_duplicates_b_idx on private.dismissed_duplicates (lead_b);
create index dismissed_duplicates_org_idx on private.dismissed_duplicates (org_id);
create index dismissed_duplicates_by_idx on private.dismissed_duplicates (dismissed_by) where dismissed_by is not null;

alter table private.dismissed_duplicates enable row level security;
