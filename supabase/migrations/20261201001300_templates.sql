-- Written from supabase/schemas/templates by npm run generate: change it there.

-- A function may call one that comes later.
set check_function_bodies = off;

-- schemas/templates/triggers/template_versions.sql

-- Templates: texts by category, every version they ever had, and how often each was used (a narrow row of its own).

create function private.keep_template_versions()
returns trigger
language plpgsql
set search_path = ''
as $$
begin
  if tg_op = 'UPDATE' and new.content is distinct from old.content then
    new.version := old.version + 1;
  end if;
  return new;
end;
$$;
comment on function private.keep_template_versions() is 'Trigger: a changed text is a new version.';

create function private.store_template_version()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  insert into public.template_versions (template_id, version, org_id, content, worst_segments)
  values (new.id, new.version, new.org_id, new.content, new.worst_segments)
  on conflict do nothing;
  insert into private.template_usage (template_id) values (new.id) on conflict do nothing;
  return null;
end;
$$;
comment on function private.store_template_version() is
  'Trigger: stores the version and its usage row. Definer: whoever may write a template may write neither.';

-- schemas/templates/tables/templates.sql

create table public.templates (
  id uuid primary key default gen_random_uuid(),
  org_id uuid not null references public.orgs (id) on delete cascade,
  category text not null check (category in ('initial', 'followup', 'help', 'stop')),
  language text not null check (language in ('es', 'en')),
  name text not null check (length(trim(name)) between 1 and 200),
  content text not null check (length(content) between 1 and 1600),
  version integer not null default 1,
  variables text[] not null default '{}',
  required_variables text[] not null default '{}',
  encoding text not null check (encoding in ('GSM-7', 'UCS-2')),
  worst_segments smallint not null check (worst_segments between 1 and 24),
  is_active boolean not null default true,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  unique (org_id, id),
  unique (org_id, name),
  check (required_variables <@ variables),
  constraint templates_variables_check check (cardinality(variables) <= 100 and array_position(variables, null) is null),
  constraint templates_required_variables_check
    check (cardinality(required_variables) <= 100 and array_position(required_variables, null) is null),
  constraint templates_version_check check (version between 1 and 1000000000),
  constraint templates_name_line check (length(name) <= 200 and name !~ '[\u0001-\u001f\u007f-\u009f\u2028\u2029]')
);
comment on table public.templates is
  'A text to send. worst_segments is what planning charges: the most segments it can take with the longest values its variables '
  'may have.';
comment on column public.templates.required_variables is
  'Variables without a fallback: a lead that lacks one of them is not sent this template.';
create index templates_org_idx on public.templates (org_id, category) where is_active;

alter table public.templates enable row level security;
create policy "people read templates of their organisation" on public.templates
  for select to authenticated using (org_id = (select private.org_id()));
grant select on public.templates to authenticated;
grant delete, insert, select, update on public.templates to service_role;

create trigger templates_updated_at before update on public.templates
  for each row execute function private.set_updated_at();
create trigger templates_version before update on public.templates
  for each row execute function private.keep_template_versions();
create trigger templates_store_version after insert or update on public.templates
  for each row execute function private.store_template_version();

-- schemas/templates/tables/template_versions.sql

create table public.template_versions (
  template_id uuid not null references public.templates (id) on delete cascade,
  version integer not null,
  org_id uuid not null references public.orgs (id) on delete cascade,
  content text not null,
  worst_segments smallint not null,
  created_at timestamptz not null default now(),
  primary key (template_id, version)
);
comment on table public.template_versions is
  'Append-only: every text a template ever had, so that a message keeps the one it was sent with.';
create index template_versions_org_idx on public.template_versions (org_id);

alter table public.template_versions enable row level security;
create policy "people read template versions of their organisation" on public.template_versions
  for select to authenticated using (org_id = (select private.org_id()));
grant select on public.template_versions to authenticated, service_role;

-- schemas/templates/tables/template_usage.sql

create table private.template_usage (
  template_id uuid primary key references public.templates (id) on delete cascade,
  uses bigint not null default 0,
  last_used_at timestamptz
) with (fillfactor = 50);
comment on table private.template_usage is
  'How often a template was planned: rotation takes the one used least. Narrow, because it changes with every batch.';

alter table private.template_usage enable row level security;

-- schemas/templates/tables/default_templates.sql

create table private.default_templates (
  key text primary key,
  category text not null,
  language text not null,
  name text not null,
  content text not null,
  variables text[] not null,
  required_variables text[] not null,
  encoding text not null,
  worst_segments smallint not null
);
comment on table private.default_templates is 'The templates a new organisation begins with.';

alter table private.default_templates enable row level security;
