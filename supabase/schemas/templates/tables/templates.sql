create table public.templates (
  id uuid primary key default gen_random_uuid(),
  number bigint generated always as identity unique,
  org_id uuid not null references public.orgs (id) on delete cascade,
  category text not null check (
    category in ('initial', 'followup', 'nurture', 'closing', 'support', 'custom', 'help', 'stop')),
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
  archived_at timestamptz,
  activated_at timestamptz,
  words text generated always as (name || E'\n' || content) stored,
  unique (org_id, id),
  unique (org_id, name),
  check (required_variables <@ variables),
  constraint templates_variables_check check (cardinality(variables) <= 100 and array_position(variables, null) is null),
  constraint templates_required_variables_check
    check (cardinality(required_variables) <= 100 and array_position(required_variables, null) is null),
  constraint templates_version_check check (version between 1 and 1000000000),
  constraint templates_archived_check check (archived_at is null or not is_active),
  constraint templates_name_line check (length(name) <= 200 and name !~ '[\u0001-\u001f\u007f-\u009f\u2028\u2029]')
);
comment on table public.templates is
  'A text to send. worst_segments is what planning charges: the most segments that it can take with the longest values its '
  'variables may have.';
comment on column public.templates.activated_at is
  'When somebody activated it again: what its messages brought before does not pause it once more.';
comment on column public.templates.required_variables is
  'Variables without a fallback: this template is not sent to a lead that lacks one of them.';
comment on column public.templates.number is 'A short number beside the id, for programs whose ids are numbers.';
comment on column public.templates.archived_at is
  'Since when it is out of the list; null if it is not. An archived text is not active: nothing new is sent with it.';
comment on column public.templates.words is 'Name and text together, to be searched at once.';
create index templates_org_idx on public.templates (org_id, category) where is_active;

alter table public.templates enable row level security;
create policy "people read templates of their organisation" on public.templates
  for select to authenticated using (org_id = (select private.org_id()));
grant select on public.templates to authenticated;
grant delete, insert, select, update on public.templates to service_role;

create trigger templates_updated_at before update on public.templates
  for each row execute function private.set_updated_at();
create trigger templates_refuse_link before insert or update of content, category, is_active on public.templates
  for each row when (new.is_active and new.category in ('initial', 'stop')) execute function private.refuse_template_link();
create trigger templates_version before update on public.templates
  for each row execute function private.keep_template_versions();
create trigger templates_store_version after insert or update on public.templates
  for each row execute function private.store_template_version();
create trigger templates_limit before insert on public.templates
  for each row execute function private.limit_rows('2000');
