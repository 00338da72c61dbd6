-- Written from supabase/schemas/templates by npm run generate: change it there.

-- A function may call one that comes later.
set check_function_bodies = off;

-- schemas/templates/triggers/links.sql

create function private.refuse_template_link()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_link text := private.find_template_link(new.content, (select o.brand from public.orgs o where o.id = new.org_id));
begin
  if v_link is not null then
    perform private.refuse_field('content', format(
      '%s may not have a link (%s). Remove it, or put a space after the dot; send a link once the person has answered.',
      case new.category when 'stop' then 'A stop confirmation' else 'A first message' end, v_link));
  end if;
  return new;
end;
$$;
comment on function private.refuse_template_link() is
  'Trigger: refuses a first message or stop confirmation that has a link when it is sent under the organisation''s brand. '
  'Security definer: the role that writes a template may not read private tables.';

create function private.refuse_brand_link()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_link text := private.find_link(new.brand);
  v_row record;
begin
  if v_link is not null then
    perform private.refuse_field('brand', format(
      'brand is a link (%s), and first messages, which carry it, may have none: carriers filter them. Write the name without the '
      'dot or with a space, for example %s.', v_link, trim(replace(regexp_replace(new.brand, '\.[[:alpha:]]+$', ''), '.', ' '))));
  end if;
  if tg_op = 'UPDATE' then
    select t.name, private.find_template_link(t.content, new.brand) as link into v_row
    from public.templates t
    where t.org_id = new.id and t.is_active and t.category in ('initial', 'stop')
      and private.find_template_link(t.content, new.brand) is not null
    order by t.name limit 1;
    if v_row.link is not null then
      perform private.refuse_field('brand', format(
        'With this brand the template "%s" has a link (%s), which first messages may not have. Change the template or the brand.',
        v_row.name, v_row.link));
    end if;
  end if;
  return new;
end;
$$;
comment on function private.refuse_brand_link() is
  'Trigger: refuses a brand that phones turn into a link, by itself or within an active first message or stop confirmation. '
  'Security definer: users may not read private tables.';
create trigger orgs_refuse_brand_link before insert or update of brand on public.orgs
  for each row execute function private.refuse_brand_link();

-- schemas/templates/triggers/template_versions.sql

-- Templates: texts by category, all their versions, and how often each was used (in a narrow row of its own).

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
comment on function private.keep_template_versions() is 'Trigger: a changed text gets a new version.';

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
  'Trigger: stores the version and the usage row. Security definer: the role that writes a template may write neither.';

-- schemas/templates/tables/top_level_domains.sql

create table private.top_level_domains (
  name text collate "C" primary key check (name = lower(name) and name <> '')
);
comment on table private.top_level_domains is
  'IANA''s list of top-level domains, those in other scripts in both spellings: phones make a link of a name under any of them.';

alter table private.top_level_domains enable row level security;

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
  'A text to send. worst_segments is what planning charges: the most segments that it can take with the longest values its '
  'variables may have.';
comment on column public.templates.required_variables is
  'Variables without a fallback: this template is not sent to a lead that lacks one of them.';
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
  'Append-only: every text that a template ever had, so that a message keeps the text it was sent with.';
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
  'How often a template was planned: rotation chooses the one used least. A narrow row, because it changes with every batch.';

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

-- schemas/templates/functions/links.sql

-- First messages and stop confirmations may have no link (carriers filter them), and neither may the brand that they are sent
-- with. scripts/seed/lint has the same rule for writers of templates; here it holds for everybody who can write to the tables.

create function private.find_link(p_text text)
returns text
language plpgsql
stable
set search_path = ''
as $$
declare
  v_text text := regexp_replace(translate(normalize(p_text, NFKC), U&'\3002\FF61', '..'),
    '[\u00ad\u200b-\u200f\u2060-\u2064\ufeff]', '', 'g');
  v_run text;
  v_labels text[];
begin
  if v_text ~* 'https?://[^[:space:]]' then
    return regexp_substr(v_text, 'https?://[^[:space:]]+', 1, 1, 'i');
  end if;
  -- Splits at blanks and at punctuation other than dot, hyphen and at. A host begins where a part begins.
  for v_run in
    select split_part(r, '@', 1)
    from regexp_split_to_table(v_text,
      '[\u0001-\u002c\u002f\u003a-\u003f\u005b-\u0060\u007b-\u00bf\u1680\u2000-\u206f\u3000-\u303f]+') r
    where strpos(r, '.') > 1
  loop
    if v_run ~ '^((25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])\.){3}(25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])\.?$' then
      return v_run;
    end if;
    v_labels := string_to_array(lower(v_run), '.');
    for v_i in 1 .. cardinality(v_labels) loop
      exit when v_labels[v_i] = '';
      if v_i > 1 and exists (select from private.top_level_domains d where d.name = v_labels[v_i]) then
        return v_run;
      end if;
    end loop;
  end loop;
  return null;
end;
$$;
comment on function private.find_link(text) is
  'The first part of a text that phones turn into a link: a name under a top-level domain or an IP address, with or without '
  'http, but no e-mail address. Null if there is none.';

create function private.find_template_link(p_content text, p_brand text)
returns text
language plpgsql
stable
set search_path = ''
as $$
begin
  -- Rendered with the brand; any other value is one letter, or the template's own fallback.
  return private.find_link(regexp_replace(regexp_replace(
    regexp_replace(p_content, '\{\{?\s*(brand|company|(company|business|org)[\s_-]*name)\s*(\|[^{}]*)?\}\}?',
      replace(coalesce(p_brand, ''), '\', '\\'), 'gi'),
    '\{\{?[^{}|]*\|([^{}]*)\}\}?', '\1', 'g'), '\{\{?[^{}|]*\}\}?', 'X', 'g'));
end;
$$;
comment on function private.find_template_link(text, text) is
  'The first link of a template as it is sent under a brand; null if there is none.';
