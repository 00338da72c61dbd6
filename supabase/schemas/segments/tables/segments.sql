create table public.segments (
  id uuid primary key default gen_random_uuid(),
  org_id uuid not null references public.orgs (id) on delete cascade,
  name text not null check (length(trim(name)) between 1 and 200 and length(name) <= 250
    and name !~ '[\u0001-\u001f\u007f-\u009f\u2028\u2029]'),
  description text check (length(description) <= 2000),
  kind text not null check (kind in ('filter', 'list')),
  filter jsonb check (jsonb_typeof(filter) = 'object' and pg_column_size(filter) <= 1000000),
  created_by uuid references public.users (id) on delete set null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  unique (org_id, id),
  check ((kind = 'filter') = (filter is not null))
);
comment on table public.segments is
  'Leads under a name. Kind filter: the leads that match it now. Kind list: the leads that were added to it (segment_leads).';
create unique index segments_name_key on public.segments (org_id, lower(trim(name)));
create index segments_created_by_idx on public.segments (created_by) where created_by is not null;

alter table public.segments enable row level security;
create policy "people read segments of their organisation" on public.segments
  for select to authenticated using (org_id = (select private.org_id()));
grant select on public.segments to authenticated;
grant delete, insert, select, update on public.segments to service_role;

create trigger segments_updated_at before update on public.segments
  for each row execute function private.set_updated_at();
create trigger segments_limit_large_values after insert on public.segments
  for each row when (octet_length(new.filter::text) > 8192) execute function private.limit_large_values('filter');
create trigger segments_limit_larger_values after update of filter on public.segments
  for each row when (new.filter is distinct from old.filter) execute function private.limit_large_values('filter');
create trigger segments_forget_large_values after delete on public.segments
  for each row execute function private.forget_large_values();
