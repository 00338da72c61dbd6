create table public.campaign_blueprints (
  id uuid primary key default gen_random_uuid(),
  org_id uuid not null references public.orgs (id) on delete cascade,
  name text not null check (length(trim(name)) between 1 and 200 and length(name) <= 200
    and name !~ '[\u0001-\u001f\u007f-\u009f\u2028\u2029]'),
  description text check (length(description) <= 2000),
  definition jsonb not null check (jsonb_typeof(definition) = 'object' and pg_column_size(definition) <= 1000000),
  created_by uuid references public.users (id) on delete set null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  unique (org_id, id)
);
comment on table public.campaign_blueprints is
  'Definitions of campaigns under a name, to make campaigns of: texts, numbers, pace and, if wanted, the audience''s criteria.';
create unique index campaign_blueprints_name_key on public.campaign_blueprints (org_id, lower(trim(name)));
create index campaign_blueprints_created_by_idx on public.campaign_blueprints (created_by) where created_by is not null;

alter table public.campaign_blueprints enable row level security;
create policy "people read campaign blueprints of their organisation" on public.campaign_blueprints
  for select to authenticated using (org_id = (select private.org_id()));
grant select on public.campaign_blueprints to authenticated;
grant delete, insert, select, update on public.campaign_blueprints to service_role;

create trigger campaign_blueprints_updated_at before update on public.campaign_blueprints
  for each row execute function private.set_updated_at();
create trigger campaign_blueprints_limit before insert on public.campaign_blueprints
  for each row execute function private.limit_rows('200');
create trigger campaign_blueprints_limit_large_values after insert on public.campaign_blueprints
  for each row when (octet_length(new.definition::text) > 8192) execute function private.limit_large_values('definition');
create trigger campaign_blueprints_limit_larger_values after update of definition on public.campaign_blueprints
  for each row when (new.definition is distinct from old.definition)
  execute function private.limit_large_values('definition');
create trigger campaign_blueprints_forget_large_values after delete on public.campaign_blueprints
  for each row execute function private.forget_large_values();
