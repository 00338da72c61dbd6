create table private.storage_quotas (
  org_id uuid primary key references public.orgs (id) on delete cascade,
  bytes bigint not null check (bytes >= 0)
);
comment on table private.storage_quotas is
  'Organisations that may keep more or less in Storage than the 5 GiB of all others. Set by whoever runs the platform.';

alter table private.storage_quotas enable row level security;
