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
