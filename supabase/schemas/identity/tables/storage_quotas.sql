create table private.storage_quotas (
  org_id uuid primary key references public.orgs (id) on delete cascade,
  bytes bigint not null check (bytes >= 0)
);
comment on table private.storage_quotas is
  'Organisations whose storage quota differs from the default of 5 GiB. Set by the people who run the platform.';

alter table private.storage_quotas enable row level security;
