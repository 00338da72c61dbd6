create table private.large_values (
  table_name text not null,
  column_name text not null,
  row_id uuid not null,
  org_id uuid not null references public.orgs (id) on delete cascade,
  bytes integer not null check (bytes > 8192),
  primary key (table_name, row_id, column_name)
);
comment on table private.large_values is
  'Values of public tables that take more than 8,192 bytes as text, with their size. private.limit_large_values adds the sizes '
  'up: a sum over the tables themselves would read every such value.';
create index large_values_org_idx on private.large_values (org_id, table_name, column_name) include (bytes);
alter table private.large_values enable row level security;
