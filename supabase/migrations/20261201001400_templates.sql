-- Written from supabase/schemas/templates by npm run generate: change it there.

-- A function may call one that comes later.
set check_function_bodies = off;

-- schemas/templates/types.sql

create type private.text_size as (encoding text, segments integer, units integer);
comment on type private.text_size is
  'What a text costs: its encoding, its SMS segments, and its size in the units of the encoding.';

create type private.template_reading as (
  content text, variables text[], required_variables text[], fixed text, rendered text, worst text, problems jsonb
);
comment on type private.template_reading is
  'A template as it was read. content: in the one form in which it is stored. fixed: without variables. rendered: under a brand, '
  'with fallbacks, and one letter for other values. worst: with the longest values. problems: what can''t be read.';

create type private.checked_template as (
  content text, variables text[], required_variables text[], encoding text, worst_segments integer, issues jsonb
);
comment on type private.checked_template is
  'A template that was checked: what is stored of it, and what is wrong with it. issues: a list of objects with code, severity, '
  'message, remedy and position.';

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

-- schemas/templates/tables/template_variables.sql

create table private.template_variables (
  name text primary key,
  spellings text[] not null,
  scope text not null check (scope in ('lead', 'org', 'send')),
  charset text not null check (charset in ('any', 'gsm')),
  max_length smallint not null,
  fallback_es text,
  fallback_en text
);
comment on table private.template_variables is
  'The variables of templates. spellings: the names under which they are known, in lower case without blanks, hyphens and '
  'underscores. max_length: the longest value in a text. charset: whether a value can have a letter outside GSM-7. The fallbacks '
  'are used if the value is missing and the text gives none; without one, the text is not sent to that lead.';

alter table private.template_variables enable row level security;

-- schemas/templates/tables/lint_words.sql

create table private.lint_words (
  kind text not null check (kind in ('forbidden', 'doubtful', 'shortener', 'spam', 'spanish', 'english')),
  word text not null,
  primary key (kind, word)
);
comment on table private.lint_words is
  'What the check of texts looks for: words that carriers forbid or may filter, hosts of link shorteners, patterns of spam, and '
  'the commonest words of each language. Words are in capitals without accents.';

alter table private.lint_words enable row level security;

-- schemas/templates/tables/templates.sql

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

-- schemas/templates/functions/import_templates.sql

create function private.template_rows_shape()
returns jsonb
language sql
immutable
set search_path = ''
as $$
  -- What is in a row is judged row by row, so that one wrong row does not refuse the others.
  select private.list_shape(private.object_shape('{"line": {"type": "integer", "minimum": 1, "maximum": 1000000}, "fields": '
    '{"type": "object", "properties": {}, "maxProperties": 20, "additionalProperties": {"type": ["string", "boolean", "null"], '
    '"maxLength": 4000}, "propertyNames": {"maxLength": 60}}}'::jsonb, '{line,fields}'), 500, 1) || '{"maxBytes": 4000000}';
$$;
comment on function private.template_rows_shape() is 'The shape of rows of a file of templates: their lines and fields.';

create function private.import_template(p_org_id uuid, p_fields jsonb, p_is_update_allowed boolean)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  v_template public.templates;
  v_detail text;
  v_message text;
  v_errors jsonb;
begin
  perform private.check_shape(p_fields, private.new_template_shape());
  if p_is_update_allowed then
    select * into v_template from public.templates t
    where t.org_id = p_org_id and t.name = trim(p_fields ->> 'name') for no key update;
  end if;
  if v_template.id is null then
    return jsonb_build_object('outcome', 'created', 'template_id',
      private.insert_template(p_org_id, p_fields, 'template_imported'));
  elsif v_template.archived_at is not null then
    perform private.refuse_field('name',
      'The template of this name is archived. Take it out of the archive, or use another name.');
  end if;
  return jsonb_build_object('outcome', 'updated', 'template_id', v_template.id, 'version',
    private.change_template(v_template, p_fields - 'name', 'template_imported'));
exception
  -- Only errors of our own: whatever else happens refuses the whole file.
  when sqlstate 'PT422' or sqlstate 'PT409' then
    get stacked diagnostics v_detail = pg_exception_detail, v_message = message_text;
    v_errors := v_detail::jsonb -> 'errors';
    return jsonb_build_object('outcome', 'refused', 'errors', coalesce(v_errors, to_jsonb(array[jsonb_build_object(
      'field', coalesce(v_detail::jsonb ->> 'field', 'row'), 'message', v_message)])));
end;
$$;
comment on function private.import_template(uuid, jsonb, boolean) is
  'Writes one row of a file of templates and returns its outcome: created, updated, or refused with errors by field. If '
  'p_is_update_allowed, a row whose name exists changes that template. The caller holds the organisation''s lock.';

create function private.import_templates(p_rows jsonb, p_on_conflict text, p_is_dry_run boolean)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_org_id uuid := private.require_role('campaign_manager');
  v_row jsonb;
  v_results jsonb[] := '{}';
begin
  perform private.check_shape(p_rows, private.template_rows_shape(), 'rows');
  perform private.check_shape(to_jsonb(p_on_conflict), private.word_shape('refuse', 'update'), 'on_conflict');
  perform private.check_shape(to_jsonb(p_is_dry_run), '{"type": "boolean"}', 'dry_run');
  perform 1 from public.orgs o where o.id = v_org_id for no key update;
  begin
    for v_row in select e.value from jsonb_array_elements(p_rows) with ordinality e(value, n) order by e.n loop
      v_results := v_results || (jsonb_build_object('line', v_row -> 'line', 'name', left(v_row #>> '{fields,name}', 200))
        || private.import_template(v_org_id, v_row -> 'fields', p_on_conflict = 'update'));
    end loop;
    if p_is_dry_run then
      -- Takes back what was written, and keeps the results, which are variables.
      raise exception using errcode = 'PT000', message = 'dry run';
    end if;
  exception when sqlstate 'PT000' then
    null;
  end;
  if not p_is_dry_run then
    perform private.record_audit_event(v_org_id, 'templates_imported', null, null, null, (
      select jsonb_object_agg(x.outcome, x.n) from (
        select r ->> 'outcome' as outcome, count(*) as n from unnest(v_results) r group by 1) x));
  end if;
  return to_jsonb(v_results);
end;
$$;
comment on function private.import_templates(jsonb, text, boolean) is
  'Writes up to 500 rows of a file of templates, each {line, fields} (private.new_template_shape), and returns the outcome of '
  'each: created, updated, or refused with errors. A refused row does not hold up the others. p_on_conflict: whether a name that '
  'exists refuses the row or updates that template. p_is_dry_run: judge only, and write nothing. Needs campaign_manager. Raises '
  'PT403, PT422 for what is no list of rows. Security definer: users may not write templates.';
grant execute on function private.import_templates(jsonb, text, boolean) to authenticated;

create function public.import_templates(p_rows jsonb, p_on_conflict text default 'refuse', p_is_dry_run boolean default false)
  returns jsonb language sql set search_path = ''
  as $$ select private.import_templates(p_rows, p_on_conflict, p_is_dry_run); $$;
comment on function public.import_templates(jsonb, text, boolean) is
  'Calls the private function of the same name, which checks role and organisation.';
grant execute on function public.import_templates(jsonb, text, boolean) to authenticated;

-- schemas/templates/functions/keep_templates.sql

-- Restoring, duplicating and archiving templates. Users call the functions of the same names in public.

create function private.restore_template(p_template_id uuid, p_version integer, p_expected_version integer default null)
returns integer
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_template public.templates := private.own_template(p_template_id);
  v_content text;
begin
  if p_expected_version <> v_template.version then
    perform private.raise_error('PT409', 'conflict', format(
      'Somebody changed the text meanwhile: it has version %s. Read it again, then decide.', v_template.version),
      jsonb_build_object('version', v_template.version));
  end if;
  select v.content into v_content from public.template_versions v
  where v.template_id = p_template_id and v.version = p_version;
  if not found then
    perform private.raise_error('PT404', 'not_found', 'The template has no such version.',
      jsonb_build_object('version', v_template.version));
  end if;
  return private.change_template(v_template, jsonb_build_object('content', v_content), 'template_restored',
    jsonb_build_object('restored_version', p_version));
end;
$$;
comment on function private.restore_template(uuid, integer, integer) is
  'Gives a template the text of an earlier version again, as a new version, and returns that. The text is judged by today''s '
  'rules. Needs campaign_manager. Raises PT403, PT404; PT409 conflict if it has another version than p_expected_version; PT422. '
  'Security definer: users may not write templates.';
grant execute on function private.restore_template(uuid, integer, integer) to authenticated;

create function public.restore_template(p_template_id uuid, p_version integer, p_expected_version integer default null)
  returns integer language sql set search_path = ''
  as $$ select private.restore_template(p_template_id, p_version, p_expected_version); $$;
comment on function public.restore_template(uuid, integer, integer) is
  'Calls the private function of the same name, which checks role and organisation.';
grant execute on function public.restore_template(uuid, integer, integer) to authenticated;

create function private.duplicate_template(p_template_id uuid, p_name text default null)
returns uuid
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_template public.templates := private.own_template(p_template_id);
  v_name text := p_name;
begin
  if v_name is null then
    -- The first free one of "Name (copy)", "Name (copy 2)" and so on.
    select x.name into v_name from (
      select n, left(v_template.name, 185) || case n when 1 then ' (copy)' else format(' (copy %s)', n) end as name
      from generate_series(1, 2001) n) x
    where not exists (select from public.templates t where t.org_id = v_template.org_id and t.name = x.name)
    order by x.n limit 1;
  end if;
  return private.insert_template(v_template.org_id, jsonb_build_object('name', v_name, 'category', v_template.category,
    'language', v_template.language, 'content', v_template.content, 'is_active', v_template.is_active), 'template_created');
end;
$$;
comment on function private.duplicate_template(uuid, text) is
  'Makes a template with the text, category and language of another, active if that is, and returns its id. Without p_name it is '
  'called like the other one, with "(copy)". Needs campaign_manager. Raises PT403, PT404, PT409, PT422. Security definer: users '
  'may not write templates.';
grant execute on function private.duplicate_template(uuid, text) to authenticated;

create function public.duplicate_template(p_template_id uuid, p_name text default null) returns uuid
  language sql set search_path = '' as $$ select private.duplicate_template(p_template_id, p_name); $$;
comment on function public.duplicate_template(uuid, text) is
  'Calls the private function of the same name, which checks role and organisation.';
grant execute on function public.duplicate_template(uuid, text) to authenticated;

create function private.archive_template(p_template_id uuid, p_is_archived boolean, p_now timestamptz default now())
returns void
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_template public.templates := private.own_template(p_template_id);
begin
  if p_is_archived is null then
    perform private.refuse_field('is_archived', 'Give is_archived: true or false.');
  elsif p_is_archived = (v_template.archived_at is not null) then
    return;
  elsif p_is_archived then
    perform private.require_unneeded(v_template, 'archive');
  end if;
  update public.templates t set archived_at = case when p_is_archived then p_now end, is_active = false
  where t.id = p_template_id;
  perform private.note_template(v_template, case when p_is_archived then 'template_archived' else 'template_unarchived' end);
end;
$$;
comment on function private.archive_template(uuid, boolean, timestamptz) is
  'Takes a template out of the list and out of use, or puts it back, inactive. Messages that were planned or sent with it keep '
  'its text. Does nothing if it is as asked already. Needs campaign_manager. Raises PT403, PT404; PT409 still_referenced with '
  'the names of the campaigns whose only text it is. Security definer: users may not write templates.';
grant execute on function private.archive_template(uuid, boolean, timestamptz) to authenticated;

create function public.archive_template(p_template_id uuid, p_is_archived boolean default true) returns void
  language sql set search_path = '' as $$ select private.archive_template(p_template_id, p_is_archived); $$;
comment on function public.archive_template(uuid, boolean) is
  'Calls the private function of the same name, which checks role and organisation, with the current time.';
grant execute on function public.archive_template(uuid, boolean) to authenticated;

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

-- schemas/templates/functions/lint_rules.sql

-- The rules for the content of templates. scripts/seed/lint has the same rules for the texts that organisations begin with; a
-- test compares the two. Texts are judged by p_fixed (without variables) and by p_plain (words in capitals, without accents).

create function private.plain_words(p_text text)
returns text
language sql
immutable
set search_path = ''
as $$
  select case when w.plain ~ '^[A-Z]( [A-Z]){2,}$' then replace(w.plain, ' ', '') else w.plain end
  from (
    select btrim(regexp_replace(upper(regexp_replace(normalize(p_text, NFD), '[\u0300-\u036f''’‘`´]', '', 'g') collate "C"),
      '[^A-Z0-9]+', ' ', 'g')) as plain
  ) w;
$$;
comment on function private.plain_words(text) is
  'The words of a text in capitals without accents, with single blanks between them. "S T O P" is one word.';

create function private.lint_identity(p_fixed text, p_plain text, p_variables text[], p_category text, p_brand text)
returns jsonb
language plpgsql
immutable
set search_path = ''
as $$
declare
  v_issues jsonb := '[]';
begin
  if not 'brand' = any (p_variables) and (coalesce(p_brand, '') = '' or strpos(upper(p_fixed), upper(p_brand)) = 0) then
    v_issues := v_issues || private.template_issue('missing_brand',
      case when p_category in ('initial', 'help', 'stop') then 'error' else 'warning' end,
      case p_category when 'initial' then 'The first message does not say who is writing.'
        else 'This message does not say who is writing.' end,
      'Add {brand}, which becomes your organisation''s name.');
  end if;
  -- STOP or ALTO as a word to answer with is in capitals or quotes: in lower case "alto" is an adjective.
  if p_category in ('initial', 'help') and not (
    p_fixed ~ ('(?<![[:alpha:]])(["''“”]?(STOP|ALTO|BAJA|PARAR|UNSUBSCRIBE)["''“”]?|["''“](stop|alto|baja|parar)["''”])'
      || '(?![[:alpha:]])')
    and p_plain ~ ('\y(REPLY|TEXT|SEND|RESPOND|ANSWER|RESPOND[AE]|CONTEST[AE]|ENVIE|ENVIA|MANDE|MANDA|ESCRIB[AE]|TEXTEE)\y'
      || '|\y(TO|PARA) (OPT OUT|UNSUBSCRIBE|STOP|END|QUIT|SALIR|NO RECIBIR|DEJAR|DARSE|CANCELAR|PARAR|TERMINAR)\y'))
  then
    v_issues := v_issues || private.template_issue('missing_opt_out',
      case p_category when 'initial' then 'error' else 'warning' end,
      case p_category when 'initial' then 'The first message does not say how to opt out.'
        else 'The answer to HELP does not say how to opt out.' end,
      'Add "Responda ALTO para salir." or "Reply STOP to opt out."');
  end if;
  return v_issues;
end;
$$;
comment on function private.lint_identity(text, text, text[], text, text) is
  'Whether a text says who writes, and a first message or an answer to HELP how to opt out.';

create function private.lint_links(p_content text, p_rendered text, p_category text, p_brand text)
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
declare
  v_issues jsonb := '[]';
  v_link text := private.find_link(p_rendered);
  v_host text;
  v_is_brand boolean;
begin
  if v_link is null then
    return v_issues;
  end if;
  select w.word into v_host from private.lint_words w
  where w.kind = 'shortener'
    and lower(p_rendered) ~ ('(^|[^a-z0-9-])' || replace(w.word, '.', '\.') || '($|[^a-z0-9.-]|\.($|[^a-z0-9]))')
  order by w.word limit 1;
  if v_host is not null then
    v_issues := v_issues || private.template_issue('link_shortener', 'error',
      format('Carriers block links through %s.', v_host), 'Use a link on your own domain.',
      nullif(strpos(lower(p_content), v_host), 0) - 1);
  end if;
  if p_category in ('initial', 'stop') then
    v_is_brand := coalesce(strpos(p_brand, v_link) > 0, false);
    return v_issues || private.template_issue('link_not_allowed', 'error',
      format('%s may not have a link (%s%s).',
        case p_category when 'initial' then 'A first message' else 'A stop confirmation' end, v_link,
        case when v_is_brand then ', the brand' else '' end),
      case when v_is_brand then 'Change brand in the settings: write the name without the dot, or with a space.'
        else 'Remove the link, or put a space after the dot; send a link once the person has answered.' end,
      nullif(strpos(p_content, v_link), 0) - 1);
  end if;
  -- The rest of the text behind the first link and its path.
  if strpos(p_rendered, v_link) > 0 and private.find_link(regexp_replace(
    substr(p_rendered, strpos(p_rendered, v_link) + length(v_link)), '^[^[:space:]]*', '')) is not null
  then
    v_issues := v_issues || private.template_issue('several_links', 'warning',
      'Messages with several links are often filtered.', 'Keep one link.');
  end if;
  return v_issues;
end;
$$;
comment on function private.lint_links(text, text, text, text) is
  'The links of a text as it is sent: shorteners, any link in a first message or stop confirmation, more than one in others.';

create function private.lint_words(p_content text, p_plain text)
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
declare
  v_issues jsonb := '[]';
  v_word text;
  v_kind text;
  v_pattern text;
begin
  select w.kind, w.word into v_kind, v_word
  from unnest(string_to_array(p_plain, ' ')) with ordinality t(word, n)
  join private.lint_words w on w.word = t.word and w.kind in ('forbidden', 'doubtful')
  order by w.kind desc, t.n limit 1;
  if v_kind = 'forbidden' then
    v_issues := v_issues || private.template_issue('forbidden_word', 'error',
      format('Carriers forbid "%s" in marketing texts (sex, hate, alcohol, firearms, tobacco, drugs, gambling).', lower(v_word)),
      'Remove the word.', nullif(strpos(upper(p_content), v_word), 0) - 1);
  elsif v_kind = 'doubtful' then
    v_issues := v_issues || private.template_issue('doubtful_word', 'warning',
      format('Carriers may filter "%s".', lower(v_word)), 'Say it another way if you can.',
      nullif(strpos(upper(p_content), v_word), 0) - 1);
  end if;
  select btrim(substring(' ' || p_plain || ' ' from w.word)) into v_pattern
  from private.lint_words w where w.kind = 'spam' and ' ' || p_plain || ' ' ~ w.word order by w.word limit 1;
  if found then
    v_issues := v_issues || private.template_issue('spammy_phrase', 'warning',
      format('Filters take "%s" for spam.', lower(v_pattern)), 'Say it plainly.');
  end if;
  return v_issues;
end;
$$;
comment on function private.lint_words(text, text) is 'Words and phrases that carriers forbid or filter.';

create function private.lint_tone(p_fixed text, p_plain text, p_category text)
returns jsonb
language plpgsql
immutable
set search_path = ''
as $$
declare
  v_issues jsonb := '[]';
  v_letters text := regexp_replace(regexp_replace(normalize(p_fixed, NFD), '[\u0300-\u036f]', '', 'g'),
    '\y(STOP|ALTO|HELP|AYUDA|BAJA|START|ALTA|LLC|INC|USA|TX)\y|[^A-Za-z]', '', 'g');
  v_keyword text := substring(p_plain from
    '\y(?:REPLY|TEXT|SEND|RESPOND|ANSWER|RESPOND[AE]|CONTEST[AE]|ENVIE|MANDE|ESCRIB[AE]|TEXTEE)'
    || '(?: WITH| CON| BACK| THE WORD| LA PALABRA)* ' || '(YES|INFO|START|END|CANCEL|QUIT|UNSTOP|REVOKE|OPTOUT)\y');
begin
  if length(v_letters) >= 10 and length(regexp_replace(v_letters, '[^A-Z]', '', 'g')) > 0.6 * length(v_letters) then
    v_issues := v_issues || private.template_issue('all_capitals', 'error',
      'The message is written in capitals, which carriers filter.', 'Write it in normal letters.');
  end if;
  if p_fixed ~ '[!¡]{2,}|(![^!]*){3,}|[$]{2,}' then
    v_issues := v_issues || private.template_issue('loud', 'warning',
      'Repeated exclamation or dollar signs look like spam.', 'Use one at most.');
  end if;
  if v_keyword is not null and not (p_category in ('stop', 'help') and v_keyword in ('START', 'UNSTOP', 'INFO')) then
    v_issues := v_issues || private.template_issue('twilio_keyword', 'error',
      format('The message asks people to answer %s, which Twilio takes for a command and answers itself.', v_keyword),
      'Ask for another answer, for example SI, 1 or INTERESADO.');
  end if;
  if p_category = 'stop' and p_plain !~ ('\y(UNSUBSCRIBED|OPTED OUT|REMOVED|NO MORE|NOT (RECEIVE|GET|TEXT|CONTACT)|WONT|'
    'NO (LE|TE|LES|RECIBE|RECIBIRA|RECIBIRAS|VOLVERA|VOLVEREMOS|MAS|ENVIAREMOS|ESCRIBIREMOS)|'
    'DADO DE BAJA|DADA DE BAJA|DE BAJA|CANCELAD[OA])\y')
  then
    v_issues := v_issues || private.template_issue('not_a_confirmation', 'error',
      'The message does not confirm that no more will come.',
      'Say so: "No recibirá más mensajes" or "You will not receive more messages".');
  end if;
  if p_category = 'stop' and p_plain ~ ('\y(SELL|SELLING|BUY|OFFER|CASH|PRICE|LAND|VENDER|VENDE|COMPRAR|COMPRAMOS|OFERTA|PRECIO|'
    'EFECTIVO|TERRENO|TERRENOS)\y') then
    v_issues := v_issues || private.template_issue('marketing_in_stop', 'error',
      'A stop confirmation may only confirm; it may not advertise (47 CFR 64.1200(a)(12)).',
      'Remove everything about buying, selling and offers.');
  end if;
  return v_issues;
end;
$$;
comment on function private.lint_tone(text, text, text) is
  'Capitals and repeated signs, answers that Twilio takes for commands, and what a stop confirmation must and may not say.';

create function private.lint_language(p_fixed text, p_plain text, p_language text)
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
declare
  v_issues jsonb := '[]';
  v_name text := case p_language when 'es' then 'Spanish' else 'English' end;
  v_es boolean := p_fixed ~* '\y(Respond[ae]|Conteste|Env[ií]e|Escriba|Mande) ALTO|ALTO (para|si|y)\y';
  v_en boolean := p_fixed ~* '\y(Reply|Text|Send|Answer) STOP|STOP (to|if)\y';
  v_lean bigint;
begin
  if (case p_language when 'es' then v_en and not v_es else v_es and not v_en end) then
    v_issues := v_issues || private.template_issue('opt_out_language', 'warning',
      format('The opt-out wording is not %s, the template''s language.', v_name),
      'Write it in the language of the message.');
  end if;
  select count(*) filter (where w.kind = 'spanish') - count(*) filter (where w.kind = 'english') into v_lean
  from unnest(string_to_array(p_plain, ' ')) t(word) join private.lint_words w on w.word = t.word;
  -- A text of few words may have a foreign one; three more than its own are no accident.
  if (case p_language when 'es' then v_lean <= -3 else v_lean >= 3 end) then
    v_issues := v_issues || private.template_issue('language_mismatch', 'warning',
      format('The text does not look %s, the template''s language.', v_name), 'Change the language, or the text.');
  end if;
  return v_issues;
end;
$$;
comment on function private.lint_language(text, text, text) is 'Whether a text and its opt-out wording are in its language.';

-- schemas/templates/functions/lint_template.sql

-- The check of templates. Creating, changing, importing and restoring go through it, so it cannot be passed by.

create function private.check_template(p_content text, p_category text, p_language text, p_brand text)
returns private.checked_template
language plpgsql
stable
set search_path = ''
as $$
declare
  v_read private.template_reading := private.read_template(p_content, p_brand);
  v_size private.text_size := private.text_size(v_read.worst);
  v_issues jsonb := v_read.problems;
  v_is_readable boolean := v_read.problems = '[]';
  v_plain text := private.plain_words(v_read.fixed);
  v_foreign text;
begin
  if v_is_readable and v_read.content = '' then
    v_issues := v_issues || private.template_issue('empty', 'error', 'The template is empty.', 'Write the message.');
  elsif length(v_read.content) > 1600 then
    v_issues := v_issues || private.template_issue('too_long', 'error',
      format('The template has %s characters.', length(v_read.content)), 'Keep it within 1600.', 1600);
  elsif v_size.units > 1600 or v_size.segments > 24 then
    v_issues := v_issues || private.template_issue('too_long', 'error',
      format('With the longest values the message has %s characters.', v_size.units), 'Shorten it.');
  end if;
  if v_is_readable and v_read.content <> '' then
    v_issues := v_issues
      || private.lint_identity(v_read.fixed, v_plain, v_read.variables, p_category, p_brand)
      || private.lint_links(v_read.content, v_read.rendered, p_category, p_brand)
      || private.lint_words(v_read.content, v_plain)
      || private.lint_tone(v_read.fixed, v_plain, p_category)
      || private.lint_language(v_read.fixed, v_plain, p_language);
  end if;
  if v_size.segments > 2 then
    v_issues := v_issues || private.template_issue('many_segments', 'warning',
      format('The message can take %s segments, each charged as one message.', v_size.segments), 'Shorten it.');
  end if;
  if not private.is_gsm(v_read.fixed) then
    v_foreign := (
      select string_agg(c, ' ' order by n) from (
        select c, min(n) as n from regexp_split_to_table(v_read.fixed, '') with ordinality x(c, n)
        where not private.is_gsm(c) group by c order by min(n) limit 20) y);
    v_issues := v_issues || private.template_issue('not_gsm', 'warning',
      format('These characters halve the size of a segment: %s', v_foreign),
      'Spell the text without them, for example a for á, or accept the price.',
      nullif(strpos(v_read.content, left(v_foreign, 1)), 0) - 1);
  end if;
  return (v_read.content, v_read.variables, v_read.required_variables, v_size.encoding, v_size.segments,
    v_issues)::private.checked_template;
end;
$$;
comment on function private.check_template(text, text, text, text) is
  'Reads, measures and judges a template for its category, language and brand. An issue of severity error forbids saving it.';

create function private.lint_template(p_content text, p_category text, p_language text)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
  v_org_id uuid := private.require_role('viewer');
  v_checked private.checked_template;
begin
  perform private.check_shape(jsonb_build_object('content', p_content, 'category', p_category, 'language', p_language),
    private.template_text_shape());
  v_checked := private.check_template(p_content, p_category, p_language,
    (select o.brand from public.orgs o where o.id = v_org_id));
  return to_jsonb(v_checked) || jsonb_build_object('ok', not v_checked.issues @> '[{"severity": "error"}]');
end;
$$;
comment on function private.lint_template(text, text, text) is
  'What would be stored of a text, and its issues, under the brand of the signed-in person''s organisation; ok: it can be saved. '
  'Needs viewer. Raises PT403, PT422. Security definer: users may not read private tables.';
grant execute on function private.lint_template(text, text, text) to authenticated;

create function public.lint_template(p_content text, p_category text, p_language text) returns jsonb
  language sql set search_path = '' as $$ select private.lint_template(p_content, p_category, p_language); $$;
comment on function public.lint_template(text, text, text) is
  'Calls the private function of the same name, which checks role and organisation.';
grant execute on function public.lint_template(text, text, text) to authenticated;

-- schemas/templates/functions/message_values.sql

-- The values that a text would have, for previews and test sends. They are what private.write_plan and private.queue_auto_reply
-- store with a message.

create function private.message_values(p_org_id uuid, p_lead_id uuid, p_e164 text, p_category text, p_language text,
  p_now timestamptz)
returns jsonb
language sql
stable
set search_path = ''
as $$
  select case when p_category in ('help', 'stop')
      then jsonb_build_object('brand', o.brand, 'support_contact', o.support_contact)
      else coalesce((select l.variables from private.lead_values l where l.lead_id = p_lead_id), '{}')
        || jsonb_build_object('brand', o.brand, 'support_contact', o.support_contact,
          'today', to_char(p_now at time zone o.time_zone, case p_language when 'es' then 'DD/MM/YYYY' else 'MM/DD/YYYY' end)) end
    || jsonb_strip_nulls(jsonb_build_object('phone', p_e164))
  from public.orgs o where o.id = p_org_id;
$$;
comment on function private.message_values(uuid, uuid, text, text, text, timestamptz) is
  'Values by variable for a text to a lead and phone, either of which may be null. today is the day of the organisation; a '
  'campaign uses the day where the person is.';

create function private.preview_values(p_lead_id uuid, p_category text, p_language text, p_now timestamptz default now())
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
  v_org_id uuid := private.require_role('viewer');
begin
  perform private.check_shape(jsonb_build_object('category', p_category, 'language', p_language),
    private.object_shape(private.template_fields(), '{category,language}'));
  if p_lead_id is not null and not exists (
    select from public.leads l where l.org_id = v_org_id and l.id = p_lead_id and l.deleted_at is null)
  then
    perform private.raise_error('PT404', 'not_found', 'There is no lead with this id.', jsonb_build_object('lead_id', p_lead_id));
  end if;
  return jsonb_build_object(
    'values', private.message_values(v_org_id, p_lead_id, (
      select p.e164 from public.lead_phones p where p.org_id = v_org_id and p.lead_id = p_lead_id
      order by p.role <> 'primary', p.created_at, p.id limit 1), p_category, p_language, p_now),
    'segment_cost', (select l.segment_price + l.carrier_fee from public.sending_limits l where l.org_id = v_org_id));
end;
$$;
comment on function private.preview_values(uuid, text, text, timestamptz) is
  'Values by variable for a text to a lead (null: to nobody, only what is the organisation''s), and the estimated price of a '
  'segment. Needs viewer. Raises PT403, PT404, PT422. Security definer: users may not read private views.';
grant execute on function private.preview_values(uuid, text, text, timestamptz) to authenticated;

create function public.preview_values(p_category text, p_language text, p_lead_id uuid default null) returns jsonb
  language sql set search_path = '' as $$ select private.preview_values(p_lead_id, p_category, p_language); $$;
comment on function public.preview_values(text, text, uuid) is
  'Calls the private function of the same name, which checks role and organisation, with the current time.';
grant execute on function public.preview_values(text, text, uuid) to authenticated;

-- schemas/templates/functions/read_template.sql

create function private.strip(p_text text)
returns text
language sql
immutable
set search_path = ''
as $$
  select regexp_replace(p_text, '^[[:space:]\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff]+'
    '|[[:space:]\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff]+$', '', 'g');
$$;
comment on function private.strip(text) is 'A text without white space of any kind at its ends.';

create function private.template_issue(p_code text, p_severity text, p_message text, p_remedy text,
  p_position integer default null)
returns jsonb
language sql
immutable
set search_path = ''
as $$
  select jsonb_build_object('code', p_code, 'severity', p_severity, 'message', p_message, 'remedy', p_remedy,
    'position', p_position);
$$;
comment on function private.template_issue(text, text, text, text, integer) is
  'One fault of a template. p_position: where it begins, from 0, in the text as it is stored, or as it was given if it can''t be '
  'read; null if it is nowhere in particular.';

create function private.read_template(p_content text, p_brand text)
returns private.template_reading
language plpgsql
stable
set search_path = ''
as $$
declare
  v_text text := private.strip(regexp_replace(normalize(p_content, NFC), E'\r\n?', E'\n', 'g'));
  v_read private.template_reading;
  v_piece text;
  v_inside text;
  v_fallback text;
  v_fallbacks text[];
  v_variable private.template_variables;
  v_at integer := 0;
begin
  v_read := ('', '{}', '{}', '', '', '', '[]')::private.template_reading;
  -- Postgres takes the longest alternative, so these pieces are the whole text in order.
  for v_piece in select m[1] from regexp_matches(v_text, '(\{\{[^{}]*\}\}|\{[^{}]*\}|[{}]|[^{}]+)', 'g') m loop
    if v_piece in ('{', '}') then
      v_read.problems := v_read.problems || private.template_issue('unbalanced_brace', 'error',
        format('There is a "%s" without its counterpart.', v_piece),
        'Write variables as {first_name} or {{firstName}}, and no braces elsewhere.', v_at);
    elsif v_piece !~ '^\{' then
      v_read.content := v_read.content || v_piece;
      v_read.fixed := v_read.fixed || v_piece || ' ';
      v_read.rendered := v_read.rendered || v_piece;
      v_read.worst := v_read.worst || v_piece;
    else
      v_inside := btrim(v_piece, '{}');
      v_fallback := case when strpos(v_inside, '|') > 0 then private.strip(substr(v_inside, strpos(v_inside, '|') + 1)) end;
      v_inside := private.strip(split_part(v_inside, '|', 1));
      select * into v_variable from private.template_variables v
      where regexp_replace(lower(v_inside), '[[:space:]_-]+', '', 'g') = any (v.spellings);
      if v_variable.name is null then
        v_read.problems := v_read.problems || private.template_issue('unknown_variable', 'error',
          case v_inside when '' then 'A variable has no name between its braces.'
            else format('{%s} is not a variable.', left(v_inside, 40)) end,
          (select 'Use one of these: ' || string_agg(format('{%s}', v.name), ', ' order by v.name) || '.'
            from private.template_variables v), v_at);
      else
        v_fallbacks := case when v_fallback is not null then array[v_fallback]
          else array_remove(array[v_variable.fallback_es, v_variable.fallback_en], null) end;
        v_read.content := v_read.content || '{' || v_variable.name || coalesce('|' || v_fallback, '') || '}';
        v_read.fixed := v_read.fixed || coalesce(v_fallback, '') || ' ';
        v_read.rendered := v_read.rendered
          || coalesce(case v_variable.name when 'brand' then p_brand end, v_fallback, 'X');
        v_read.worst := v_read.worst || repeat(
          case when v_variable.charset = 'any' or not private.is_gsm(array_to_string(v_fallbacks, '')) then 'Á' else 'm' end,
          greatest(v_variable.max_length, (select max((private.text_size(f)).units) from unnest(v_fallbacks) f)));
        if v_variable.name <> all (v_read.variables) then
          v_read.variables := v_read.variables || v_variable.name;
        end if;
        if cardinality(v_fallbacks) = 0 and v_variable.name <> all (v_read.required_variables) then
          v_read.required_variables := v_read.required_variables || v_variable.name;
        end if;
      end if;
    end if;
    v_at := v_at + length(v_piece);
    exit when jsonb_array_length(v_read.problems) >= 20;
  end loop;
  return v_read;
end;
$$;
comment on function private.read_template(text, text) is
  'Reads a template: both styles of braces, any spelling of a variable, {first_name|neighbour} for a fallback. Stored is one '
  'form: {first_name}, composed letters, LF line ends, no white space at the ends. p_brand: the organisation''s brand; null if '
  'it is not known. Unknown variables and loose braces are in problems, the first 20 of them. Worst values are those of '
  'scripts/seed/lint/worst-case-segments.ts; a test compares the two.';

-- schemas/templates/functions/save_templates.sql

-- Templates as people write them. Users call the functions of the same names in public.

create function private.note_template(p_template public.templates, p_event text, p_details jsonb default '{}')
returns void
language sql
set search_path = ''
as $$
  select private.record_audit_event(p_template.org_id, p_event, null, null, null,
    jsonb_build_object('template_id', p_template.id, 'name', p_template.name, 'version', p_template.version) || p_details);
$$;
comment on function private.note_template(public.templates, text, jsonb) is 'Writes an audit event about a template.';

create function private.insert_template(p_org_id uuid, p_input jsonb, p_event text, p_id uuid default gen_random_uuid())
returns uuid
language plpgsql
set search_path = ''
as $$
declare
  v_checked private.checked_template;
  v_template public.templates;
begin
  perform private.check_shape(p_input, private.new_template_shape());
  v_checked := private.accept_template(p_org_id, p_input ->> 'content', p_input ->> 'category', p_input ->> 'language');
  v_template.id := p_id;
  v_template.org_id := p_org_id;
  v_template.name := trim(p_input ->> 'name');
  v_template.category := p_input ->> 'category';
  v_template.language := p_input ->> 'language';
  v_template.is_active := coalesce((p_input ->> 'is_active')::boolean, true);
  perform private.require_template_name(p_org_id, v_template.name, null);
  perform private.require_template_room(v_template);
  insert into public.templates (id, org_id, category, language, name, content, variables, required_variables, encoding,
    worst_segments, is_active)
  values (v_template.id, p_org_id, v_template.category, v_template.language, v_template.name, v_checked.content,
    v_checked.variables, v_checked.required_variables, v_checked.encoding, v_checked.worst_segments, v_template.is_active)
  returning * into v_template;
  perform private.note_template(v_template, p_event);
  return v_template.id;
end;
$$;
comment on function private.insert_template(uuid, jsonb, text, uuid) is
  'Adds a template (private.new_template_shape) with the audit event p_event and an id that none has; returns its id. The '
  'caller has checked the role and holds the organisation''s lock. Raises PT409, PT422.';

create function private.create_template(p_input jsonb, p_repeat_key text default null)
returns uuid
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_org_id uuid := private.require_role('campaign_manager');
  v_id uuid;
begin
  perform 1 from public.orgs o where o.id = v_org_id for no key update;
  v_id := private.first_result(v_org_id, 'create_template', p_repeat_key);
  -- Who archives what they made and makes it again means it.
  if not exists (select from public.templates t where t.id = v_id and t.archived_at is null) then
    v_id := private.insert_template(v_org_id, p_input, 'template_created');
    perform private.keep_result(v_org_id, 'create_template', p_repeat_key, v_id);
  end if;
  return v_id;
end;
$$;
comment on function private.create_template(jsonb, text) is
  'Creates a template from name, category, language, content and is_active (true by default); returns its id. p_repeat_key: see '
  'private.first_result; the same key within a minute returns the same template. Needs '
  'campaign_manager. Raises PT403; PT409 for a name that is taken, for more than 2,000, and for more than 200 active ones of a '
  'category and language; PT422 with each issue that forbids the text. Security definer: users may not write templates.';
grant execute on function private.create_template(jsonb, text) to authenticated;

create function public.create_template(p_input jsonb, p_repeat_key text default null) returns uuid
  language sql set search_path = '' as $$ select private.create_template(p_input, p_repeat_key); $$;
comment on function public.create_template(jsonb, text) is
  'Calls the private function of the same name, which checks role and organisation.';
grant execute on function public.create_template(jsonb, text) to authenticated;

create function private.change_template(p_template public.templates, p_input jsonb, p_event text, p_details jsonb default '{}')
returns integer
language plpgsql
set search_path = ''
as $$
declare
  v_new public.templates := p_template;
  v_checked private.checked_template;
begin
  v_new.name := coalesce(trim(p_input ->> 'name'), p_template.name);
  v_new.category := coalesce(p_input ->> 'category', p_template.category);
  v_new.language := coalesce(p_input ->> 'language', p_template.language);
  v_new.content := coalesce(p_input ->> 'content', p_template.content);
  v_new.is_active := coalesce((p_input ->> 'is_active')::boolean, p_template.is_active);
  if v_new.is_active and p_template.archived_at is not null then
    perform private.raise_error('PT409', 'invalid_state', 'The template is archived. Take it out of the archive first.',
      '{"field": "is_active"}');
  elsif v_new.category <> p_template.category then
    perform private.require_unused(p_template);
  end if;
  if not v_new.is_active or v_new.category <> p_template.category then
    perform private.require_unneeded(p_template, 'change');
  end if;
  -- An active text is judged again when it becomes active, too: the rules or the brand may have changed meanwhile.
  if p_input ?| '{content,category,language}' or (v_new.is_active and not p_template.is_active) then
    v_checked := private.accept_template(p_template.org_id, v_new.content, v_new.category, v_new.language);
    v_new.content := v_checked.content;
    v_new.variables := v_checked.variables;
    v_new.required_variables := v_checked.required_variables;
    v_new.encoding := v_checked.encoding;
    v_new.worst_segments := v_checked.worst_segments;
  end if;
  if v_new.content <> p_template.content and p_template.version >= 1000 then
    perform private.raise_error('PT409', 'invalid_state',
      'The template has 1,000 versions, which is the most. Duplicate it, and change the copy.',
      '{"field": "content", "most": 1000}');
  end if;
  perform private.require_template_name(p_template.org_id, v_new.name, p_template.id);
  perform private.require_template_room(v_new);
  if v_new is distinct from p_template then
    update public.templates t
    set name = v_new.name, category = v_new.category, language = v_new.language, content = v_new.content,
      is_active = v_new.is_active,
      activated_at = case when v_new.is_active and not p_template.is_active then now() else p_template.activated_at end,
      variables = v_new.variables, required_variables = v_new.required_variables,
      encoding = v_new.encoding, worst_segments = v_new.worst_segments
    where t.id = p_template.id returning * into v_new;
    perform private.note_template(v_new, p_event, p_details);
  end if;
  return v_new.version;
end;
$$;
comment on function private.change_template(public.templates, jsonb, text, jsonb) is
  'Changes the given fields of a template, with the audit event p_event; returns its version, which is a new one if the text '
  'changed. Messages that are planned keep the version they were planned with. The caller holds the locks of organisation and '
  'template. Raises PT409, PT422.';

create function private.update_template(p_template_id uuid, p_input jsonb)
returns integer
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_template public.templates := private.own_template(p_template_id);
begin
  perform private.check_shape(p_input, private.template_changes_shape());
  if p_input - 'expected_version' = '{}' then
    perform private.refuse_field('input', 'Give at least one field to change.');
  elsif (p_input ->> 'expected_version')::integer <> v_template.version then
    perform private.raise_error('PT409', 'conflict', format(
      'Somebody changed the text meanwhile: it has version %s, and you have seen %s. Read it again, then decide.',
      v_template.version, p_input ->> 'expected_version'), jsonb_build_object('version', v_template.version));
  end if;
  return private.change_template(v_template, p_input, 'template_changed', jsonb_build_object('fields',
    (select to_jsonb(array_agg(k order by k)) from jsonb_object_keys(p_input - 'expected_version') k)));
end;
$$;
comment on function private.update_template(uuid, jsonb) is
  'Changes name, category, language, content or is_active of a template (private.template_changes_shape) and returns its '
  'version. Needs campaign_manager. Raises PT403, PT404; PT409 conflict if it has another version than expected_version, '
  'duplicate for a name that is taken, still_referenced if a campaign needs it as it is; PT422. Security definer: users may not '
  'write templates.';
grant execute on function private.update_template(uuid, jsonb) to authenticated;

create function public.update_template(p_template_id uuid, p_input jsonb) returns integer
  language sql set search_path = '' as $$ select private.update_template(p_template_id, p_input); $$;
comment on function public.update_template(uuid, jsonb) is
  'Calls the private function of the same name, which checks role and organisation.';
grant execute on function public.update_template(uuid, jsonb) to authenticated;

-- schemas/templates/functions/template_guards.sql

-- What has to hold before a template is written.

create function private.own_template(p_template_id uuid)
returns public.templates
language plpgsql
set search_path = ''
as $$
declare
  v_org_id uuid := private.require_role('campaign_manager');
  v_template public.templates;
begin
  -- The organisation is locked first, as everywhere: whoever changes texts of an organisation waits for the other.
  perform 1 from public.orgs o where o.id = v_org_id for no key update;
  select * into v_template from public.templates t where t.org_id = v_org_id and t.id = p_template_id for no key update;
  if not found then
    perform private.raise_error('PT404', 'not_found', 'There is no template with this id.');
  end if;
  return v_template;
end;
$$;
comment on function private.own_template(uuid) is
  'Locks a template of the signed-in person''s organisation and returns it. Raises PT403 if they may not change it, PT404.';

create function private.accept_template(p_org_id uuid, p_content text, p_category text, p_language text)
returns private.checked_template
language plpgsql
stable
set search_path = ''
as $$
declare
  v_checked private.checked_template := private.check_template(p_content, p_category, p_language,
    (select o.brand from public.orgs o where o.id = p_org_id));
  v_errors jsonb := (
    select to_jsonb(array_agg(jsonb_build_object('field', 'content', 'message', format('%s %s', i ->> 'message', i ->> 'remedy'),
      'code', i -> 'code', 'position', i -> 'position') order by n))
    from jsonb_array_elements(v_checked.issues) with ordinality x(i, n) where i ->> 'severity' = 'error');
begin
  if v_errors is not null then
    perform private.raise_error('PT422', 'invalid_input', v_errors -> 0 ->> 'message',
      jsonb_build_object('errors', v_errors, 'issues', v_checked.issues));
  end if;
  return v_checked;
end;
$$;
comment on function private.accept_template(uuid, text, text, text) is
  'A checked template. Raises PT422 with every issue if one of them is an error.';

create function private.require_template_name(p_org_id uuid, p_name text, p_template_id uuid)
returns void
language plpgsql
stable
set search_path = ''
as $$
declare
  v_other public.templates;
begin
  select * into v_other from public.templates t
  where t.org_id = p_org_id and t.name = p_name and t.id is distinct from p_template_id;
  if found then
    perform private.raise_error('PT409', 'duplicate', format('There is %s template %s already. Choose another name%s.',
        case when v_other.archived_at is null then 'a' else 'an archived' end, p_name,
        case when v_other.archived_at is null then '' else ', or take that one out of the archive' end),
      jsonb_build_object('field', 'name', 'template_id', v_other.id));
  end if;
end;
$$;
comment on function private.require_template_name(uuid, text, uuid) is
  'Raises PT409 duplicate if another template of the organisation has the name.';

create function private.require_template_room(p_template public.templates)
returns void
language plpgsql
stable
set search_path = ''
as $$
begin
  -- A campaign rotates 200 texts at most, and by default all active ones of its category and language.
  if p_template.is_active and (
    select count(*) from public.templates t
    where t.org_id = p_template.org_id and t.category = p_template.category and t.language = p_template.language and t.is_active
      and t.id <> p_template.id) >= 200
  then
    perform private.raise_error('PT409', 'invalid_state', format(
      'There are 200 active %s templates in this language, which is the most. Deactivate one, or save this one with is_active '
      'false.', p_template.category), '{"field": "is_active", "most": 200}');
  end if;
end;
$$;
comment on function private.require_template_room(public.templates) is
  'Raises PT409 if an organisation would have more than 200 active templates of a category and language. The caller holds the '
  'organisation''s lock.';

create function private.require_unneeded(p_template public.templates, p_what text)
returns void
language plpgsql
stable
set search_path = ''
as $$
declare
  v_campaigns text;
begin
  if not p_template.is_active then
    return;
  end if;
  if p_template.category in ('stop', 'help') and not exists (
    select from public.templates t
    where t.org_id = p_template.org_id and t.category = p_template.category and t.is_active and t.id <> p_template.id)
  then
    perform private.raise_error('PT409', 'still_referenced', format(
      'It is the only active %s template, and people who write %s would get no answer. Activate another one first.',
      p_template.category, upper(p_template.category)), jsonb_build_object('category', p_template.category));
  end if;
  select string_agg(x.name, ', ' order by x.name) into v_campaigns from (
    select distinct c.name
    from public.campaign_templates ct join public.campaigns c on c.id = ct.campaign_id
    where ct.org_id = p_template.org_id and ct.template_id = p_template.id
      and c.status in ('building', 'ready', 'scheduled', 'running', 'paused')
      and not exists (
        select from public.campaign_templates o join public.templates t on t.id = o.template_id
        where o.campaign_id = ct.campaign_id and o.step = ct.step and o.template_id <> ct.template_id and t.is_active
          -- A text of a step without a variant is for every variant.
          and (o.variant is null or o.variant = ct.variant))
    order by c.name limit 10) x;
  if v_campaigns is not null then
    perform private.raise_error('PT409', 'still_referenced', format(
      'It is the only active template of these campaigns, or of a step or variant of theirs: %s. Give them another one, or stop '
      'them, and then %s it.', v_campaigns, p_what), jsonb_build_object('campaigns', v_campaigns));
  end if;
end;
$$;
comment on function private.require_unneeded(public.templates, text) is
  'Raises PT409 if an active template is the last one that an unfinished campaign, a step or variant of it, or the answers to '
  'STOP or HELP have. p_what: what the person wants to do with it.';

create function private.require_unused(p_template public.templates)
returns void
language plpgsql
stable
set search_path = ''
as $$
declare
  v_campaigns text := (
    select string_agg(x.name, ', ' order by x.name) from (
      select distinct c.name from public.campaign_templates ct join public.campaigns c on c.id = ct.campaign_id
      where ct.org_id = p_template.org_id and ct.template_id = p_template.id and c.status not in ('completed', 'stopped')
      order by c.name limit 10) x);
begin
  if v_campaigns is not null then
    perform private.raise_error('PT409', 'still_referenced', format(
      'These campaigns use it as %s: %s. Duplicate it, and give the copy the other category.', p_template.category, v_campaigns),
      jsonb_build_object('campaigns', v_campaigns));
  end if;
end;
$$;
comment on function private.require_unused(public.templates) is
  'Raises PT409 if an unfinished campaign uses a template: a first message must keep the category by whose rules it was judged.';

-- schemas/templates/functions/template_shapes.sql

-- The shapes of what users write about templates.

create function private.template_categories()
returns text[]
language sql
immutable
set search_path = ''
as $$ select '{initial,followup,nurture,closing,support,custom,help,stop}'::text[]; $$;
comment on function private.template_categories() is 'The categories of templates.';

create function private.template_fields()
returns jsonb
language sql
immutable
set search_path = ''
as $$
  select jsonb_build_object(
    -- White space at the ends and long forms of variables go, so a text may be longer before it is read.
    'content', '{"type": "string", "maxLength": 4000}'::jsonb,
    'category', private.word_shape(variadic private.template_categories()),
    'language', private.word_shape('es', 'en'));
$$;
comment on function private.template_fields() is 'The shapes of a template''s content, category and language.';

create function private.template_text_shape()
returns jsonb
language sql
immutable
set search_path = ''
as $$ select private.object_shape(private.template_fields(), '{content,category,language}'); $$;
comment on function private.template_text_shape() is 'The shape of a text to be judged.';

create function private.new_template_shape()
returns jsonb
language sql
immutable
set search_path = ''
as $$
  select private.object_shape(private.template_fields() || jsonb_build_object(
    'name', private.line_shape(200), 'is_active', '{"type": "boolean"}'::jsonb), '{name,content,category,language}');
$$;
comment on function private.new_template_shape() is 'The shape of a new template.';

create function private.template_changes_shape()
returns jsonb
language sql
immutable
set search_path = ''
as $$
  select private.object_shape(private.new_template_shape() -> 'properties' || jsonb_build_object(
    'expected_version', '{"type": "integer", "minimum": 1, "maximum": 1000000000}'::jsonb));
$$;
comment on function private.template_changes_shape() is
  'The shape of changes to a template. expected_version: the version that the caller has seen.';

-- schemas/templates/functions/text_size.sql

-- The size of a text. The functions that send count exactly (functions/_shared/sms/count-segments.ts); here the count may be
-- higher for texts with emoji or signs that take two septets, because planning charges the most that a text can cost.

create function private.is_gsm(p_text text)
returns boolean
language sql
immutable
set search_path = ''
as $$
  -- The alphabet of 3GPP TS 23.038 with its extension.
  select translate(p_text, E'@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !"#¤%&''()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿'
    'abcdefghijklmnopqrstuvwxyzäöñüà\f^{}\\[~]|€', '') = '';
$$;
comment on function private.is_gsm(text) is 'Whether every character of a text is in the GSM-7 alphabet.';

create function private.text_size(p_text text)
returns private.text_size
language plpgsql
immutable
set search_path = ''
as $$
declare
  v_escaped integer := length(p_text) - length(translate(p_text, E'\f^{}\\[~]|€', ''));
  v_units integer := length(p_text) + v_escaped;
begin
  if private.is_gsm(p_text) then
    -- An escaped character is never cut in two, so a part may have to leave one septet free.
    return ('GSM-7', case when v_units <= 160 then 1 else ceil(v_units / case when v_escaped = 0 then 153.0 else 152.0 end) end,
      v_units)::private.text_size;
  end if;
  -- A character beyond the basic plane takes two units.
  v_units := 2 * length(p_text) - length(regexp_replace(p_text, '[\U00010000-\U0010ffff]', '', 'g'));
  return ('UCS-2', case
    when v_units <= 70 then 1
    -- Marks and emoji that belong together are not cut in two, so a part may have to leave room.
    when p_text ~ '[\u0300-\u1fff\u200d\u20d0-\u20ff\u2e80-\ud7ff\uf900-\uffff\U00010000-\U0010ffff]' then ceil(v_units / 56.0)
    else ceil(v_units / 67.0) end, v_units)::private.text_size;
end;
$$;
comment on function private.text_size(text) is
  'Encoding, segments and units of a text; never fewer segments than it takes. An empty text takes one.';
