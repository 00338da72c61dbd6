create table private.withheld_rows (
  org_id uuid primary key references public.orgs (id) on delete cascade,
  until timestamptz not null
);
comment on table private.withheld_rows is
  'Organisations that somebody has just left. Until this time their broadcasts carry ids but no contents.';

alter table private.withheld_rows enable row level security;
