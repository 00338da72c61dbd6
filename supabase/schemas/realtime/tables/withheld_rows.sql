create table private.withheld_rows (
  org_id uuid primary key references public.orgs (id) on delete cascade,
  until timestamptz not null
);
comment on table private.withheld_rows is
  'Organisations that somebody left a short while ago: until then their broadcasts carry ids and no contents.';

alter table private.withheld_rows enable row level security;
